-- Question: since when does anybody of each workspace wait to be judged?
-- Index: none. Cost: one pass over the queue.
SELECT r.workspace_id, min(r.at)
FROM accounts_rescored AS r
GROUP BY r.workspace_id
