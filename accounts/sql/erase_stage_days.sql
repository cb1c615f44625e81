-- Question: none; counts a developer out of the stage that they are in, so that its
-- size stays right when the entry goes.
-- Index: stage_entry_developer_now. Cost: one probe and one write.
INSERT INTO accounts_stageday AS d (
    workspace_id, stage_id, day, entered, advanced, "left"
)
SELECT workspace_id, stage_id, %(day)s, 0, 0, 1
FROM accounts_stageentry
WHERE developer_id = %(developer)s AND left_at IS NULL
ON CONFLICT (stage_id, day) DO UPDATE SET "left" = d."left" + 1
