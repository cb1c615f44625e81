-- Question: how far did scores move in a week, and what is that called? The middle of
--   other statements: they make `moved`, with points of now and of a week ago as
--   stored, and read `judged`. The rules are those of accounts/trends.py.
-- Index: none. Cost: linear in the rows of moved.
, decayed AS (
    SELECT
        moved.*,
        100 * (1 - exp(-least(
            moved.points / moved.scale * power(2::float8, least(greatest(
                (moved.landmark - %(today)s::date) / moved.half_life_days, -200
            ), 200)),
            700
        ))) AS score_now,
        100 * (1 - exp(-least(
            moved.points_before / moved.scale * power(2::float8, least(greatest(
                (moved.landmark - %(week_ago)s::date) / moved.half_life_days, -200
            ), 200)),
            700
        ))) AS score_before,
        100 * (1 - exp(-least(
            moved.points / moved.scale * power(2::float8, least(greatest(
                (moved.landmark - moved.last_active_on) / moved.half_life_days, -200
            ), 200)),
            700
        ))) AS score_at_last_use
    FROM moved
),
changed AS (
    SELECT
        decayed.*,
        decayed.medium_from - %(half_shown)s::float8 AS warm_from,
        round((decayed.score_now - decayed.score_before) * 10) / 10
        + 0::float8 AS change_7d
    FROM decayed
),
judged AS (
    SELECT
        changed.*,
        CASE
            WHEN
                (changed.first_seen_at AT TIME ZONE 'UTC')::date
                > %(new_after)s::date
                THEN 'new'
            WHEN changed.last_active_on <= %(dormant_until)s::date
                THEN
                    CASE
                        WHEN changed.score_at_last_use >= changed.warm_from
                            THEN 'dormant'
                        ELSE 'steady'
                    END
            WHEN
                changed.change_7d >= %(surge_from)s::float8
                AND changed.score_now >= changed.warm_from
                THEN 'surging'
            WHEN
                changed.change_7d <= -%(cool_from)s::float8
                AND changed.score_before >= changed.warm_from
                THEN 'cooling'
            ELSE 'steady'
        END AS trend
    FROM changed
)
