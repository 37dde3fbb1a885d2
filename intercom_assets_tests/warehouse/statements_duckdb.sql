-- create
CREATE TABLE IF NOT EXISTS "intercom"."eu_rudder_things" (
  "id" VARCHAR,
  "parent_id" VARCHAR,
  "size" BIGINT,
  "updated_at" TIMESTAMP WITH TIME ZONE,
  "tags" JSON,
  "_extra" JSON,
  "_row_hash" VARCHAR,
  "_synced_at" TIMESTAMP WITH TIME ZONE,
  "_deleted_at" TIMESTAMP WITH TIME ZONE
);

-- rename
ALTER TABLE "intercom"."eu_rudder_things" RENAME TO "eu_rudder_things_before";

-- stage 1
CREATE OR REPLACE TEMP TABLE STAGED_ROWS AS
SELECT r."id", r."parent_id", r."size", r."updated_at", r."tags", r."_extra", r."_row_hash", r."_sequence"
FROM STAGED_FILE AS r;

-- stage 2
DELETE FROM STAGED_ROWS WHERE rowid IN (SELECT r.rowid FROM STAGED_ROWS AS r
QUALIFY ROW_NUMBER() OVER (PARTITION BY r."parent_id", r."id" ORDER BY r."updated_at" DESC NULLS LAST, r."_sequence" DESC) > 1);

-- compare
SELECT COUNT(*), COUNT_IF(t."parent_id" IS NULL),
  COUNT_IF(t."parent_id" IS NOT NULL AND (t."_row_hash" IS DISTINCT FROM s."_row_hash" OR t."_deleted_at" IS NOT NULL) AND (s."updated_at" IS NULL OR t."updated_at" IS NULL OR s."updated_at" <= CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR s."updated_at" >= LEAST(t."updated_at", t."_synced_at"))),
  COUNT_IF(t."_deleted_at" IS NOT NULL AND NOT ((t."_row_hash" IS DISTINCT FROM s."_row_hash" OR t."_deleted_at" IS NOT NULL) AND (s."updated_at" IS NULL OR t."updated_at" IS NULL OR s."updated_at" <= CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR s."updated_at" >= LEAST(t."updated_at", t."_synced_at"))))
FROM STAGED_ROWS AS s LEFT JOIN "intercom"."eu_rudder_things" AS t ON t."parent_id" = s."parent_id" AND t."id" = s."id";

-- update
UPDATE "intercom"."eu_rudder_things" SET "size" = s."size", "updated_at" = s."updated_at", "tags" = s."tags", "_extra" = s."_extra", "_row_hash" = s."_row_hash", "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = NULL
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN STAGED_ROWS AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id" AND ("eu_rudder_things"."_row_hash" IS DISTINCT FROM s."_row_hash" OR "eu_rudder_things"."_deleted_at" IS NOT NULL) AND (s."updated_at" IS NULL OR "eu_rudder_things"."updated_at" IS NULL OR s."updated_at" <= CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR s."updated_at" >= LEAST("eu_rudder_things"."updated_at", "eu_rudder_things"."_synced_at"))
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- unmark
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = NULL
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN STAGED_ROWS AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id" AND "eu_rudder_things"."_deleted_at" IS NOT NULL
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- insert
INSERT INTO "intercom"."eu_rudder_things" ("id", "parent_id", "size", "updated_at", "tags", "_extra", "_row_hash", "_synced_at")
SELECT s."id", s."parent_id", s."size", s."updated_at", s."tags", s."_extra", s."_row_hash", CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM STAGED_ROWS AS s LEFT JOIN "intercom"."eu_rudder_things" AS t ON t."parent_id" = s."parent_id" AND t."id" = s."id"
WHERE t."parent_id" IS NULL;

-- mark
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  LEFT JOIN STAGED_ROWS AS s ON t."parent_id" = s."parent_id" AND t."id" = s."id"
  WHERE t."_deleted_at" IS NULL AND s."parent_id" IS NULL
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- mark of unseen_in
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN OTHER_STAGED_ROWS AS p ON p."parent" = t."parent_id"
  LEFT JOIN STAGED_ROWS AS s ON t."parent_id" = s."parent_id" AND t."id" = s."id"
  WHERE t."_deleted_at" IS NULL AND s."parent_id" IS NULL
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- mark of missing_children
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN STAGED_ROWS AS p ON p."parent" = t."parent_id"
  WHERE t."_deleted_at" IS NULL AND (p."newer_than" IS NULL)
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- mark of missing_children of a cut list
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN STAGED_ROWS AS p ON p."parent" = t."parent_id"
  LEFT JOIN OTHER_STAGED_ROWS AS n ON t."parent_id" = n."parent_id" AND t."id" = n."id"
  WHERE t."_deleted_at" IS NULL AND (p."newer_than" IS NULL OR t."updated_at" > p."newer_than") AND n."parent_id" IS NULL
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- merged
SELECT t."parent_id", CAST(t."_extra" AS VARCHAR), g."merged_into"
FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN STAGED_ROWS AS g ON g."key" = t."parent_id"
  LEFT JOIN OTHER_STAGED_ROWS AS n ON t."parent_id" = n."parent_id" AND t."id" = n."id"
  WHERE t."_deleted_at" IS NULL AND g."merged_into" IS NOT NULL AND n."parent_id" IS NULL;

-- replace_extra
UPDATE "intercom"."eu_rudder_things" SET "_extra" = f."_extra"
FROM (SELECT CAST(r."_extra" AS JSON) AS "_extra" FROM (SELECT CAST(? AS VARCHAR) AS "_extra") AS r) AS f WHERE "eu_rudder_things"."parent_id" = ?;

-- mark of gone_rows
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN STAGED_ROWS AS g ON g."key" = t."parent_id"
  WHERE t."_deleted_at" IS NULL
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- mark of gone_rows that were not read
UPDATE "intercom"."eu_rudder_things" SET "_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "_deleted_at" = CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  INNER JOIN STAGED_ROWS AS g ON g."key" = t."parent_id"
  LEFT JOIN OTHER_STAGED_ROWS AS n ON t."parent_id" = n."parent_id" AND t."id" = n."id"
  WHERE t."_deleted_at" IS NULL AND n."parent_id" IS NULL
) AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- rewrite
UPDATE "intercom"."eu_rudder_things" SET "size" = s."size", "updated_at" = s."updated_at", "tags" = s."tags", "_extra" = s."_extra"
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN STAGED_ROWS AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- add_column
ALTER TABLE "intercom"."eu_rudder_things" ADD COLUMN IF NOT EXISTS "_filling_size" BIGINT;

-- fill
UPDATE "intercom"."eu_rudder_things" SET "_filling_size" = COALESCE(s."size", "eu_rudder_things"."_filling_size"), "_filling_updated_at" = COALESCE(s."updated_at", "eu_rudder_things"."_filling_updated_at"), "_filling_tags" = COALESCE(s."tags", "eu_rudder_things"."_filling_tags"), "_extra" = s."_extra"
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN STAGED_ROWS AS s ON "eu_rudder_things"."parent_id" = s."parent_id" AND "eu_rudder_things"."id" = s."id"
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- name_column
ALTER TABLE "intercom"."eu_rudder_things" RENAME COLUMN "_filling_size" TO "size";

-- unseen
SELECT "parent_id" FROM "intercom"."eu_rudder_things" WHERE "_deleted_at" IS NULL
AND (("updated_at" >= CAST(? AS TIMESTAMP WITH TIME ZONE) AND "updated_at" < CAST(? AS TIMESTAMP WITH TIME ZONE)))
AND "parent_id" NOT IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
ORDER BY "parent_id";

-- unseen without an end
SELECT "parent_id" FROM "intercom"."eu_rudder_things" WHERE "_deleted_at" IS NULL
AND (("updated_at" >= CAST(? AS TIMESTAMP WITH TIME ZONE)) OR "updated_at" IS NULL)
AND "parent_id" NOT IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
ORDER BY "parent_id";

-- due
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at", NULL, FALSE
FROM "intercom"."eu_rudder_things"
WHERE "_synced_at" > CAST(? AS TIMESTAMP WITH TIME ZONE) OR ("_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE) AND "parent_id" > ?)
ORDER BY "_synced_at", "parent_id" LIMIT 500;

-- due from the beginning
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at", NULL, FALSE
FROM "intercom"."eu_rudder_things"
ORDER BY "_synced_at", "parent_id" LIMIT 500;

-- due with counts
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at", NULL, COALESCE(("tags" ->> '/total_count') = '0', FALSE) AND c.child_of IS NULL
FROM (SELECT "parent_id", "_synced_at", "_deleted_at", "tags", "updated_at" FROM "intercom"."eu_rudder_things"
WHERE "_synced_at" > CAST(? AS TIMESTAMP WITH TIME ZONE) OR ("_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE) AND "parent_id" > ?)
ORDER BY "_synced_at", "parent_id" LIMIT 500) AS p
LEFT JOIN (SELECT DISTINCT "parent_id" AS child_of FROM "intercom"."eu_rudder_children" WHERE "_deleted_at" IS NULL) AS c ON c.child_of = "parent_id"
ORDER BY "_synced_at", "parent_id";

-- due with counts, the first time
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at", NULL, COALESCE(("tags" ->> '/total_count') = '0', FALSE)
FROM (SELECT "parent_id", "_synced_at", "_deleted_at", "tags", "updated_at" FROM "intercom"."eu_rudder_things"
ORDER BY "_synced_at", "parent_id" LIMIT 500) AS p
ORDER BY "_synced_at", "parent_id";

-- count_due
SELECT COUNT(*) FROM "intercom"."eu_rudder_things"
WHERE "_synced_at" > CAST(? AS TIMESTAMP WITH TIME ZONE) OR ("_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE) AND "parent_id" > ?);

-- select
SELECT "id" AS "id", "parent_id" AS "parent_id", "size" AS "size", "updated_at" AS "updated_at", CAST("tags" AS VARCHAR) AS "tags" FROM "intercom"."eu_rudder_things";

-- count
SELECT COUNT(*) FROM "intercom"."eu_rudder_things" WHERE "_deleted_at" IS NULL;

-- query DuplicateKeys
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT "parent_id", "id", COUNT(*) AS row_count
FROM "intercom"."eu_rudder_things"
GROUP BY "parent_id", "id" HAVING COUNT(*) > 1 OR "parent_id" IS NULL OR "id" IS NULL
) AS q
ORDER BY 1 LIMIT 10;

-- query Counting
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT "parent_id", "size"
FROM "intercom"."eu_rudder_things"
WHERE "_deleted_at" IS NULL AND "size" > 0
) AS q
ORDER BY 1 LIMIT 1;

-- query MissingParents
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT t."parent_id", COUNT(*) AS row_count
FROM "intercom"."eu_rudder_things" AS t
LEFT JOIN "intercom"."eu_rudder_parents" AS p ON p."id" = t."parent_id"
WHERE t."_deleted_at" IS NULL AND p."id" IS NULL
GROUP BY t."parent_id"
) AS q
ORDER BY 1 LIMIT 10;

-- query IncompleteChildren
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT p."id", p."size" AS counted, COALESCE(c.stored, 0) AS stored, p."_synced_at"
FROM "intercom"."eu_rudder_parents" AS p
LEFT JOIN (
  SELECT "parent_id", COUNT(*) AS stored FROM "intercom"."eu_rudder_things"
  WHERE "_deleted_at" IS NULL GROUP BY "parent_id"
) AS c ON c."parent_id" = p."id"
WHERE p."_deleted_at" IS NULL AND COALESCE(c.stored, 0) < p."size" AND COALESCE(c.stored, 0) < 500
) AS q
ORDER BY "_synced_at" DESC, 1 LIMIT 10;

-- query ExtraFields
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT field, example LIKE '{%' AS is_object, COUNT(*) AS row_count, MIN(row_key) AS example_row, MIN_BY(example, row_key) AS example_value
FROM (
  SELECT row_key, field, left(CAST(held -> ('/' || replace(replace(field, '~', '~0'), '/', '~1')) AS VARCHAR), 100) AS example
  FROM (
    SELECT row_key, held, unnest(json_keys(held)) AS field
    FROM (SELECT "parent_id" || '/' || "id" AS row_key, "_extra" AS held FROM "intercom"."eu_rudder_things"
      WHERE "_extra" IS NOT NULL AND "_deleted_at" IS NULL)
  )
) AS f
GROUP BY 1, 2
) AS q
ORDER BY row_count DESC, 1 LIMIT 100;

-- query MissingMembers
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT t."parent_id", COUNT(*) AS row_count
FROM "intercom"."eu_rudder_things" AS t
LEFT JOIN "intercom"."eu_rudder_parents" AS p ON p."id" = t."parent_id"
WHERE p."id" IS NULL
GROUP BY t."parent_id"
) AS q
ORDER BY 1 LIMIT 10;

-- query ExtraFields within objects
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT field, example LIKE '{%' AS is_object, COUNT(*) AS row_count, MIN(row_key) AS example_row, MIN_BY(example, row_key) AS example_value
FROM (
  SELECT row_key, field, left(CAST(held -> ('/' || replace(replace(field, '~', '~0'), '/', '~1')) AS VARCHAR), 100) AS example
  FROM (
    SELECT row_key, held, unnest(json_keys(held)) AS field
    FROM (SELECT "parent_id" || '/' || "id" AS row_key, "_extra" -> '/source/author' AS held FROM "intercom"."eu_rudder_things"
      WHERE "_extra" IS NOT NULL AND "_deleted_at" IS NULL)
  )
) AS f
GROUP BY 1, 2
) AS q
ORDER BY row_count DESC, 1 LIMIT 100;

-- query Copies
SELECT t."id", t."parent_id", t."size", t."updated_at", CAST(t."tags" AS VARCHAR), CAST(t."_extra" AS VARCHAR), o."size", o."updated_at", CAST(o."tags" AS VARCHAR), CAST(o."_extra" AS VARCHAR)
FROM "intercom"."eu_rudder_things" AS t
INNER JOIN "intercom"."eu_rudder_originals" AS o ON o."id" = t."id"
WHERE t."_deleted_at" IS NULL AND o."_deleted_at" IS NULL
AND (o."updated_at" IS NULL OR t."updated_at" IS NULL
  OR o."updated_at" >= LEAST(t."updated_at", t."_synced_at"))
AND (t."size" IS DISTINCT FROM o."size" OR t."updated_at" IS DISTINCT FROM o."updated_at" OR t."tags" IS DISTINCT FROM o."tags");

-- query Cells
SELECT "parent_id", "id", "size", "updated_at", CAST("tags" AS VARCHAR), CAST("_extra" AS VARCHAR) FROM "intercom"."eu_rudder_things" WHERE "size" IS NOT NULL OR "updated_at" IS NOT NULL OR "tags" IS NOT NULL OR "_extra" IS NOT NULL;

-- cursors create
CREATE TABLE IF NOT EXISTS "intercom"."eu_rudder__cursors" ("resource" VARCHAR PRIMARY KEY, "source" VARCHAR, "workspace_id" VARCHAR, "region" VARCHAR, "start_date" TIMESTAMP WITH TIME ZONE, "cursor_at" TIMESTAMP WITH TIME ZONE, "parent_synced_at" TIMESTAMP WITH TIME ZONE, "parent_key" VARCHAR, "version" BIGINT, "synced_at" TIMESTAMP WITH TIME ZONE, "run_id" VARCHAR, "complete" BOOLEAN, "reconciling" TIMESTAMP WITH TIME ZONE, "reconciled_at" TIMESTAMP WITH TIME ZONE, "hidden" VARCHAR, "unread" VARCHAR, "deletions_at" TIMESTAMP WITH TIME ZONE, "skipped" VARCHAR);

-- cursors add_columns
ALTER TABLE "intercom"."eu_rudder__cursors" ADD COLUMN IF NOT EXISTS "skipped" VARCHAR;

-- cursors enter
UPDATE "intercom"."eu_rudder__cursors" SET "gate" = "gate" + 1 WHERE "resource" = '';

-- cursors select
SELECT "resource", "source", "workspace_id", "region", "start_date", "cursor_at", "parent_synced_at", "parent_key", "version", "synced_at", "run_id", "complete", "reconciling", "reconciled_at", "hidden", "unread", "deletions_at", "skipped" FROM "intercom"."eu_rudder__cursors" WHERE "resource" <> '';

-- cursors insert
INSERT INTO "intercom"."eu_rudder__cursors" ("resource", "source", "workspace_id", "region", "start_date", "cursor_at", "parent_synced_at", "parent_key", "version", "synced_at", "run_id", "complete", "reconciling", "reconciled_at", "hidden", "unread", "deletions_at", "skipped")
SELECT CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS VARCHAR), CAST(? AS BIGINT), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS VARCHAR), CAST(? AS BOOLEAN), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS VARCHAR), CAST(? AS VARCHAR), CAST(? AS TIMESTAMP WITH TIME ZONE), CAST(? AS VARCHAR);

-- cursors swap
UPDATE "intercom"."eu_rudder__cursors" SET "source" = CAST(? AS VARCHAR), "workspace_id" = CAST(? AS VARCHAR), "region" = CAST(? AS VARCHAR), "start_date" = CAST(? AS TIMESTAMP WITH TIME ZONE), "cursor_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "parent_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "parent_key" = CAST(? AS VARCHAR), "version" = CAST(? AS BIGINT), "synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "run_id" = CAST(? AS VARCHAR), "complete" = CAST(? AS BOOLEAN), "reconciling" = CAST(? AS TIMESTAMP WITH TIME ZONE), "reconciled_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "hidden" = CAST(? AS VARCHAR), "unread" = CAST(? AS VARCHAR), "deletions_at" = CAST(? AS TIMESTAMP WITH TIME ZONE), "skipped" = CAST(? AS VARCHAR)
WHERE "resource" = ? AND "version" = ?;

-- view companies_flat replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_companies_flat" AS
SELECT
  "id",
  "name",
  ("custom_attributes" ->> '/plan_tier') AS "custom_plan_tier",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/Seats'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/ARR €'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "custom_arr",
  CASE LOWER(COALESCE(("custom_attributes" ->> '/is.beta'), ("custom_attributes" ->> '/is/beta'))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "custom_trial_ends_at",
  ("custom_attributes" ->> '/it''s ~1 "odd" ~0 \') AS "custom_it_s_odd",
  ("custom_attributes" ->> '/会社名') AS "custom_会社名"
FROM "intercom"."eu_rudder_companies"
WHERE "_deleted_at" IS NULL;

-- view companies_flat replace 2
COMMENT ON VIEW "intercom"."eu_rudder_companies_flat" IS 'One row per company that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:820b071f35f9bd1c]';

-- view contacts_flat replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contacts_flat" AS
SELECT
  "id",
  "name",
  ("custom_attributes" ->> '/plan_tier') AS "custom_plan_tier",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/Seats'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/ARR €'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "custom_arr",
  CASE LOWER(COALESCE(("custom_attributes" ->> '/is.beta'), ("custom_attributes" ->> '/is/beta'))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "custom_trial_ends_at",
  ("custom_attributes" ->> '/it''s ~1 "odd" ~0 \') AS "custom_it_s_odd",
  ("custom_attributes" ->> '/会社名') AS "custom_会社名"
FROM "intercom"."eu_rudder_contacts"
WHERE "_deleted_at" IS NULL;

-- view contacts_flat replace 2
COMMENT ON VIEW "intercom"."eu_rudder_contacts_flat" IS 'One row per contact that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:0d1c315327ca8017]';

-- view conversations_flat replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversations_flat" AS
SELECT
  "id",
  "name",
  ("custom_attributes" ->> '/plan_tier') AS "custom_plan_tier",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/Seats'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract(("custom_attributes" ->> '/ARR €'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "custom_arr",
  CASE LOWER(COALESCE(("custom_attributes" ->> '/is.beta'), ("custom_attributes" ->> '/is/beta'))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract(("custom_attributes" ->> '/trial_ends_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "custom_trial_ends_at",
  ("custom_attributes" ->> '/it''s ~1 "odd" ~0 \') AS "custom_it_s_odd",
  ("custom_attributes" ->> '/会社名') AS "custom_会社名"
FROM "intercom"."eu_rudder_conversations"
WHERE "_deleted_at" IS NULL;

-- view conversations_flat replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversations_flat" IS 'One row per conversation that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:c9d5007cfb433b98]';

-- view tickets_flat replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_tickets_flat" AS
SELECT
  "id",
  "name",
  ("ticket_attributes" ->> '/plan_tier') AS "custom_plan_tier",
  TRY_CAST(regexp_extract(("ticket_attributes" ->> '/Seats'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract(("ticket_attributes" ->> '/ARR €'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "custom_arr",
  CASE LOWER(COALESCE(("ticket_attributes" ->> '/is.beta'), ("ticket_attributes" ->> '/is/beta'))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract(("ticket_attributes" ->> '/trial_ends_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract(("ticket_attributes" ->> '/trial_ends_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "custom_trial_ends_at",
  ("ticket_attributes" ->> '/it''s ~1 "odd" ~0 \') AS "custom_it_s_odd",
  ("ticket_attributes" ->> '/会社名') AS "custom_会社名"
FROM "intercom"."eu_rudder_tickets"
WHERE "_deleted_at" IS NULL;

-- view tickets_flat replace 2
COMMENT ON VIEW "intercom"."eu_rudder_tickets_flat" IS 'One row per ticket that is not deleted, with the answers to its form. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:aa54f89f9f1c225a]';

-- view contact_companies replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_companies" AS
SELECT DISTINCT t."id" AS "contact_id", (m.VALUE ->> '/id') AS "company_id"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."companies", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view contact_companies replace 2
COMMENT ON VIEW "intercom"."eu_rudder_contact_companies" IS 'One row per contact and company that the contact belongs to. [intercom_assets:ef44ba4bb11c4e1b]';

-- view contact_tags replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_tags" AS
SELECT DISTINCT t."id" AS "contact_id", (m.VALUE ->> '/id') AS "tag_id"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."tags", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view contact_tags replace 2
COMMENT ON VIEW "intercom"."eu_rudder_contact_tags" IS 'One row per contact and tag that the contact has. [intercom_assets:2797f123d5cef15b]';

-- view company_tags replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_company_tags" AS
SELECT DISTINCT t."id" AS "company_id", (m.VALUE ->> '/id') AS "tag_id"
FROM "intercom"."eu_rudder_companies" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view company_tags replace 2
COMMENT ON VIEW "intercom"."eu_rudder_company_tags" IS 'One row per company and tag that the company has. [intercom_assets:1f88e98921185190]';

-- view conversation_tags replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_tags" AS
SELECT DISTINCT t."id" AS "conversation_id", (m.VALUE ->> '/id') AS "tag_id"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view conversation_tags replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_tags" IS 'One row per conversation and tag that the conversation has. [intercom_assets:1b4cbc7aef911e68]';

-- view conversation_contacts replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_contacts" AS
SELECT DISTINCT t."id" AS "conversation_id", (m.VALUE ->> '/id') AS "contact_id"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."contacts", '$.contacts[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view conversation_contacts replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_contacts" IS 'One row per conversation and contact who takes part in it. [intercom_assets:abd4842a8c0ebe93]';

-- view ticket_contacts replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_ticket_contacts" AS
SELECT DISTINCT t."id" AS "ticket_id", (m.VALUE ->> '/id') AS "contact_id"
FROM "intercom"."eu_rudder_tickets" AS t, unnest(json_extract(t."contacts", '$.contacts[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view ticket_contacts replace 2
COMMENT ON VIEW "intercom"."eu_rudder_ticket_contacts" IS 'One row per ticket and contact whom it is about. [intercom_assets:f1f8dd8ebc164a76]';

-- view ticket_links replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_ticket_links" AS
SELECT
  t."id" AS "ticket_id",
  (m.VALUE ->> '/type') AS "object_type",
  (m.VALUE ->> '/id') AS "object_id",
  (m.VALUE ->> '/category') AS "object_category"
FROM "intercom"."eu_rudder_tickets" AS t, unnest(json_extract(t."linked_objects", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view ticket_links replace 2
COMMENT ON VIEW "intercom"."eu_rudder_ticket_links" IS 'One row per ticket and conversation or ticket that is linked to it. [intercom_assets:b1751e6034eaea0b]';

-- view ticket_type_attributes replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_ticket_type_attributes" AS
SELECT
  t."id" AS "ticket_type_id",
  (m.VALUE ->> '/id') AS "id",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/description') AS "description",
  (m.VALUE ->> '/data_type') AS "data_type",
  (m.VALUE ->> '/input_options') AS "input_options",
  TRY_CAST(regexp_extract((m.VALUE ->> '/order'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "position",
  CASE LOWER((m.VALUE ->> '/required_to_create')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "required_to_create",
  CASE LOWER((m.VALUE ->> '/required_to_create_for_contacts')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "required_to_create_for_contacts",
  CASE LOWER((m.VALUE ->> '/visible_on_create')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "visible_on_create",
  CASE LOWER((m.VALUE ->> '/visible_to_contacts')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "visible_to_contacts",
  CASE LOWER((m.VALUE ->> '/archived')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "archived",
  CASE LOWER((m.VALUE ->> '/default')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "is_built_in",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/created_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/created_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "created_at",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/updated_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/updated_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "updated_at"
FROM "intercom"."eu_rudder_ticket_types" AS t, unnest(json_extract(t."ticket_type_attributes", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL
UNION ALL
SELECT
  t."id" AS "ticket_type_id",
  (m.VALUE ->> '/id') AS "id",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/description') AS "description",
  (m.VALUE ->> '/data_type') AS "data_type",
  (m.VALUE ->> '/input_options') AS "input_options",
  TRY_CAST(regexp_extract((m.VALUE ->> '/order'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "position",
  CASE LOWER((m.VALUE ->> '/required_to_create')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "required_to_create",
  CASE LOWER((m.VALUE ->> '/required_to_create_for_contacts')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "required_to_create_for_contacts",
  CASE LOWER((m.VALUE ->> '/visible_on_create')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "visible_on_create",
  CASE LOWER((m.VALUE ->> '/visible_to_contacts')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "visible_to_contacts",
  CASE LOWER((m.VALUE ->> '/archived')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "archived",
  CASE LOWER((m.VALUE ->> '/default')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "is_built_in",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/created_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/created_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "created_at",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/updated_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/updated_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "updated_at"
FROM "intercom"."eu_rudder_ticket_types" AS t, unnest(json_extract(t."ticket_type_attributes", '$.ticket_type_attributes[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view ticket_type_attributes replace 2
COMMENT ON VIEW "intercom"."eu_rudder_ticket_type_attributes" IS 'One row per attribute of a type of ticket: a question of its form. [intercom_assets:a490869e7de728e8]';

-- view team_admins replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_team_admins" AS
SELECT DISTINCT t."id" AS "team_id", (m.VALUE ->> '$') AS "admin_id"
FROM "intercom"."eu_rudder_teams" AS t, unnest(json_extract(t."admin_ids", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '$') IS NOT NULL;

-- view team_admins replace 2
COMMENT ON VIEW "intercom"."eu_rudder_team_admins" IS 'One row per team and teammate in it. [intercom_assets:ba889355e8212be1]';

-- view newsfeed_items replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_newsfeed_items" AS
SELECT
  t."id" AS "news_item_id",
  (m.VALUE ->> '/newsfeed_id') AS "newsfeed_id",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/published_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/published_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "published_at"
FROM "intercom"."eu_rudder_news_items" AS t, unnest(json_extract(t."newsfeed_assignments", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view newsfeed_items replace 2
COMMENT ON VIEW "intercom"."eu_rudder_newsfeed_items" IS 'One row per news item and newsfeed that shows it. [intercom_assets:10867b1605ff761e]';

-- view subscription_type_content_types replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_subscription_type_content_types" AS
SELECT DISTINCT t."id" AS "subscription_type_id", (m.VALUE ->> '$') AS "content_type"
FROM "intercom"."eu_rudder_subscription_types" AS t, unnest(json_extract(t."content_types", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '$') IS NOT NULL;

-- view subscription_type_content_types replace 2
COMMENT ON VIEW "intercom"."eu_rudder_subscription_type_content_types" IS 'One row per type of subscription and kind of message that it covers. [intercom_assets:824f636fbad9190e]';

-- view merged_contacts replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_merged_contacts" AS
SELECT
  t."id" AS "contact_id",
  (m.VALUE ->> '/source_contact_id') AS "source_contact_id",
  (m.VALUE ->> '/source_contact_role') AS "source_contact_role",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/merged_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/merged_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "merged_at"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."merge_history", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view merged_contacts replace 2
COMMENT ON VIEW "intercom"."eu_rudder_merged_contacts" IS 'One row per user and contact that was merged into it. [intercom_assets:c664b1099f0089b3]';

-- view conversation_monitors replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_monitors" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/monitor_id') AS "monitor_id",
  (m.VALUE ->> '/monitor_name') AS "monitor_name",
  (m.VALUE ->> '/monitor_type') AS "monitor_type",
  (m.VALUE ->> '/result') AS "result",
  (m.VALUE ->> '/explanation') AS "explanation",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/evaluated_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/evaluated_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "evaluated_at"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."monitor_evaluations", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_monitors replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_monitors" IS 'One row per conversation and evaluation by a quality monitor that flagged it. [intercom_assets:a7fc67e2ca1a614a]';

-- view conversation_scorecards replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_scorecards" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/scorecard_id') AS "scorecard_id",
  (m.VALUE ->> '/scorecard_version_id') AS "scorecard_version_id",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/scorecard_type') AS "scorecard_type",
  CASE LOWER((m.VALUE ->> '/passed')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "passed",
  TRY_CAST(regexp_extract((m.VALUE ->> '/score'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "score",
  TRY_CAST(regexp_extract((m.VALUE ->> '/ai_score'), '^([+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?)$', 1) AS DOUBLE) AS "ai_score",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/evaluated_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/evaluated_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "evaluated_at",
  (m.VALUE ->> '/reviewed_teammate') AS "reviewed_teammate",
  (m.VALUE ->> '/evaluators') AS "evaluators"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."scorecards", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_scorecards replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_scorecards" IS 'One row per conversation and scorecard by which its quality was judged. [intercom_assets:5e803c0d1a376ac3]';

-- view conversation_taggings replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_taggings" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/id') AS "tag_id",
  COALESCE(make_timestamptz(TRY_CAST(regexp_extract((m.VALUE ->> '/applied_at'), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT) * 1000000),
    TRY_CAST(regexp_extract((m.VALUE ->> '/applied_at'), '^([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2}))$', 1) AS TIMESTAMP WITH TIME ZONE)) AS "applied_at",
  COALESCE((m.VALUE ->> '/applied_by.type'), (m.VALUE ->> '/applied_by/type')) AS "applied_by_type",
  COALESCE((m.VALUE ->> '/applied_by.id'), (m.VALUE ->> '/applied_by/id')) AS "applied_by_id"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_taggings replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_taggings" IS 'One row per conversation and tag that it has: since when, and from whom. [intercom_assets:3a33a7c888461b3b]';

-- view conversation_teammates replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_teammates" AS
SELECT DISTINCT t."id" AS "conversation_id", (m.VALUE ->> '/id') AS "admin_id"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."teammates", '$.teammates[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view conversation_teammates replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_teammates" IS 'One row per conversation and teammate who wrote in it. [intercom_assets:d8fd1394e3246a24]';

-- view conversation_links replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_links" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/type') AS "object_type",
  (m.VALUE ->> '/id') AS "object_id",
  (m.VALUE ->> '/category') AS "object_category"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."linked_objects", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_links replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_links" IS 'One row per conversation and ticket or conversation that is linked to it. [intercom_assets:88a37280bc3c7bbf]';

-- view conversation_ai_sources replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_ai_sources" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/content_type') AS "content_type",
  (m.VALUE ->> '/url') AS "url",
  (m.VALUE ->> '/title') AS "title",
  (m.VALUE ->> '/locale') AS "locale"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."ai_agent_content_sources", '$.content_sources[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_ai_sources replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_ai_sources" IS 'One row per conversation and content that the AI agent drew on. [intercom_assets:f41ed8455a781ede]';

-- view conversation_attachments replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_attachments" AS
SELECT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/type') AS "type",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/url') AS "url",
  (m.VALUE ->> '/content_type') AS "content_type",
  TRY_CAST(regexp_extract((m.VALUE ->> '/filesize'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "filesize",
  TRY_CAST(regexp_extract((m.VALUE ->> '/width'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "width",
  TRY_CAST(regexp_extract((m.VALUE ->> '/height'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "height"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."source_attachments", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view conversation_attachments replace 2
COMMENT ON VIEW "intercom"."eu_rudder_conversation_attachments" IS 'One row per file attached to the first message of a conversation. [intercom_assets:16563a2d1d55bed0]';

-- view part_attachments replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_part_attachments" AS
SELECT
  t."conversation_id" AS "conversation_id",
  t."id" AS "part_id",
  (m.VALUE ->> '/type') AS "type",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/url') AS "url",
  (m.VALUE ->> '/content_type') AS "content_type",
  TRY_CAST(regexp_extract((m.VALUE ->> '/filesize'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "filesize",
  TRY_CAST(regexp_extract((m.VALUE ->> '/width'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "width",
  TRY_CAST(regexp_extract((m.VALUE ->> '/height'), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "height"
FROM "intercom"."eu_rudder_conversation_parts" AS t, unnest(json_extract(t."attachments", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view part_attachments replace 2
COMMENT ON VIEW "intercom"."eu_rudder_part_attachments" IS 'One row per file attached to a part of a conversation. [intercom_assets:fc4fce9d4f494e30]';

-- view part_email_headers replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_part_email_headers" AS
SELECT
  t."conversation_id" AS "conversation_id",
  t."id" AS "part_id",
  (m.VALUE ->> '/type') AS "type",
  (m.VALUE ->> '/email_address') AS "email_address",
  (m.VALUE ->> '/name') AS "name"
FROM "intercom"."eu_rudder_conversation_parts" AS t, unnest(json_extract(t."email_message_metadata", '$.email_address_headers[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view part_email_headers replace 2
COMMENT ON VIEW "intercom"."eu_rudder_part_email_headers" IS 'One row per address in the headers of a part that is an email. [intercom_assets:71fdbed54c7c204c]';

-- view contact_social_profiles replace 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_social_profiles" AS
SELECT
  t."id" AS "contact_id",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/url') AS "url"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."social_profiles", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view contact_social_profiles replace 2
COMMENT ON VIEW "intercom"."eu_rudder_contact_social_profiles" IS 'One row per contact and profile in a social network. [intercom_assets:9dc824b8602b2af6]';

-- view admin replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."admin" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."name" AS "name",
  t."email" AS "email",
  t."job_title" AS "job_title",
  t."away_status_reason_id" AS "away_status_reason_id",
  t."away_mode_enabled" AS "away_mode_enabled",
  t."away_mode_reassign" AS "away_mode_reassign",
  t."has_inbox_seat" AS "has_inbox_seat",
  t."role_type" AS "role_type",
  t."role_id" AS "role_id",
  t."role_name" AS "role_name",
  t."_deleted_at" IS NOT NULL AS "_fivetran_deleted",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_admins" AS t
WHERE TRUE;

-- view admin replace 2
COMMENT ON VIEW "intercom_fivetran"."admin" IS 'The table `admin` of Fivetran, as a view of admins: names of columns as there, times in UTC without zone. [intercom_assets:b4af89068fe4f4e7]';

-- view team replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."team" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."name" AS "name",
  t."distribution_method" AS "distribution_method",
  t."assignment_limit" AS "assignment_limit",
  t."_deleted_at" IS NOT NULL AS "_fivetran_deleted",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_teams" AS t
WHERE TRUE;

-- view team replace 2
COMMENT ON VIEW "intercom_fivetran"."team" IS 'The table `team` of Fivetran, as a view of teams: names of columns as there, times in UTC without zone. [intercom_assets:4a05661a99e211db]';

-- view team_admin replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."team_admin" AS
SELECT DISTINCT
  t."id" AS "team_id",
  (m.VALUE ->> '$') AS "admin_id",
  t."_deleted_at" IS NOT NULL AS "_fivetran_deleted",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_teams" AS t, unnest(json_extract(t."admin_ids", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '$') IS NOT NULL;

-- view team_admin replace 2
COMMENT ON VIEW "intercom_fivetran"."team_admin" IS 'The table `team_admin` of Fivetran, as a view of teams: names of columns as there, times in UTC without zone. [intercom_assets:03de7f1925e32f4f]';

-- view tag replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."tag" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."name" AS "name",
  timezone('UTC', t."applied_at") AS "applied_at",
  t."applied_by_type" AS "applied_by_type",
  t."applied_by_id" AS "applied_by_id",
  t."_deleted_at" IS NOT NULL AS "_fivetran_deleted",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_tags" AS t
WHERE TRUE;

-- view tag replace 2
COMMENT ON VIEW "intercom_fivetran"."tag" IS 'The table `tag` of Fivetran, as a view of tags: names of columns as there, times in UTC without zone. [intercom_assets:b48efe7414f62383]';

-- view company_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."company_history" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."company_id" AS "company_id",
  t."app_id" AS "app_id",
  t."name" AS "name",
  t."website" AS "website",
  t."industry" AS "industry",
  t."plan_type" AS "plan_type",
  t."plan_id" AS "plan_id",
  t."plan_name" AS "plan_name",
  timezone('UTC', t."remote_created_at") AS "remote_created_at",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  timezone('UTC', t."last_request_at") AS "last_request_at",
  t."size" AS "size",
  t."session_count" AS "session_count",
  t."user_count" AS "user_count",
  t."monthly_spend" AS "monthly_spend",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_companies" AS t
WHERE TRUE;

-- view company_history replace 2
COMMENT ON VIEW "intercom_fivetran"."company_history" IS 'The table `company_history` of Fivetran, as a view of companies: names of columns as there, times in UTC without zone. [intercom_assets:92e6c9cac11b5f38]';

-- view company_tag_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."company_tag_history" AS
SELECT DISTINCT
  t."id" AS "company_id",
  (m.VALUE ->> '/id') AS "tag_id",
  timezone('UTC', t."updated_at") AS "company_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_companies" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view company_tag_history replace 2
COMMENT ON VIEW "intercom_fivetran"."company_tag_history" IS 'The table `company_tag_history` of Fivetran, as a view of companies: names of columns as there, times in UTC without zone. [intercom_assets:bf988f655bedf9e8]';

-- view contact_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."contact_history" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."external_id" AS "external_id",
  t."workspace_id" AS "workspace_id",
  t."role" AS "role",
  t."name" AS "name",
  t."email" AS "email",
  t."email_domain" AS "email_domain",
  t."phone" AS "phone",
  t."formatted_phone" AS "formatted_phone",
  t."owner_id" AS "owner_id",
  t."language_override" AS "language_override",
  t."avatar_type" AS "avatar_type",
  t."avatar_image_url" AS "avatar_image_url",
  t."location_type" AS "location_type",
  t."location_country" AS "location_country",
  t."location_country_code" AS "location_country_code",
  t."location_continent_code" AS "location_continent_code",
  t."location_region" AS "location_region",
  t."location_city" AS "location_city",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  timezone('UTC', t."signed_up_at") AS "signed_up_at",
  timezone('UTC', t."last_seen_at") AS "last_seen_at",
  timezone('UTC', t."last_replied_at") AS "last_replied_at",
  timezone('UTC', t."last_contacted_at") AS "last_contacted_at",
  timezone('UTC', t."last_email_opened_at") AS "last_email_opened_at",
  timezone('UTC', t."last_email_clicked_at") AS "last_email_clicked_at",
  t."referrer" AS "referrer",
  t."utm_campaign" AS "utm_campaign",
  t."utm_content" AS "utm_content",
  t."utm_medium" AS "utm_medium",
  t."utm_source" AS "utm_source",
  t."utm_term" AS "utm_term",
  t."has_hard_bounced" AS "has_hard_bounced",
  t."marked_email_as_spam" AS "marked_email_as_spam",
  t."unsubscribed_from_emails" AS "unsubscribed_from_emails",
  t."unsubscribed_from_sms" AS "unsubscribed_from_sms",
  t."sms_consent" AS "sms_consent",
  t."enabled_push_messaging" AS "enabled_push_messaging",
  t."browser" AS "browser",
  t."browser_version" AS "browser_version",
  t."browser_language" AS "browser_language",
  t."os" AS "os",
  t."android_app_name" AS "android_app_name",
  t."android_app_version" AS "android_app_version",
  t."android_device" AS "android_device",
  t."android_os_version" AS "android_os_version",
  t."android_sdk_version" AS "android_sdk_version",
  t."ios_app_name" AS "ios_app_name",
  t."ios_app_version" AS "ios_app_version",
  t."ios_device" AS "ios_device",
  t."ios_os_version" AS "ios_os_version",
  t."ios_sdk_version" AS "ios_sdk_version",
  timezone('UTC', t."android_last_seen_at") AS "android_last_seen_at",
  timezone('UTC', t."ios_last_seen_at") AS "ios_last_seen_at",
  t."owner_id" AS "admin_id",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_contacts" AS t
WHERE TRUE;

-- view contact_history replace 2
COMMENT ON VIEW "intercom_fivetran"."contact_history" IS 'The table `contact_history` of Fivetran, as a view of contacts: names of columns as there, times in UTC without zone. [intercom_assets:1b34b10efcfd0564]';

-- view contact_company_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."contact_company_history" AS
SELECT DISTINCT
  t."id" AS "contact_id",
  (m.VALUE ->> '/id') AS "company_id",
  timezone('UTC', t."updated_at") AS "contact_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."companies", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view contact_company_history replace 2
COMMENT ON VIEW "intercom_fivetran"."contact_company_history" IS 'The table `contact_company_history` of Fivetran, as a view of contacts: names of columns as there, times in UTC without zone. [intercom_assets:0bacc725e12f8156]';

-- view contact_tag_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."contact_tag_history" AS
SELECT DISTINCT
  t."id" AS "contact_id",
  (m.VALUE ->> '/id') AS "tag_id",
  timezone('UTC', t."updated_at") AS "contact_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."tags", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view contact_tag_history replace 2
COMMENT ON VIEW "intercom_fivetran"."contact_tag_history" IS 'The table `contact_tag_history` of Fivetran, as a view of contacts: names of columns as there, times in UTC without zone. [intercom_assets:21145ea6cb85d7ab]';

-- view conversation_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."conversation_history" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  t."title" AS "title",
  t."state" AS "state",
  t."priority" AS "priority",
  t."open" AS "open",
  t."read" AS "read",
  t."admin_assignee_id" AS "admin_assignee_id",
  t."team_assignee_id" AS "team_assignee_id",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  timezone('UTC', t."waiting_since") AS "waiting_since",
  timezone('UTC', t."snoozed_until") AS "snoozed_until",
  t."channel_initial" AS "channel_initial",
  t."channel_current" AS "channel_current",
  t."source_type" AS "source_type",
  t."source_id" AS "source_id",
  t."source_delivered_as" AS "source_delivered_as",
  t."source_subject" AS "source_subject",
  t."source_body" AS "source_body",
  t."source_url" AS "source_url",
  t."source_redacted" AS "source_redacted",
  t."source_author_type" AS "source_author_type",
  t."source_author_id" AS "source_author_id",
  t."source_author_name" AS "source_author_name",
  t."source_author_email" AS "source_author_email",
  t."source_author_from_ai_agent" AS "source_author_from_ai_agent",
  t."source_author_is_ai_answer" AS "source_author_is_ai_answer",
  t."conversation_rating_rating" AS "conversation_rating_rating",
  t."conversation_rating_remark" AS "conversation_rating_remark",
  timezone('UTC', t."conversation_rating_created_at") AS "conversation_rating_created_at",
  timezone('UTC', t."conversation_rating_updated_at") AS "conversation_rating_updated_at",
  t."conversation_rating_contact_type" AS "conversation_rating_contact_type",
  t."conversation_rating_contact_id" AS "conversation_rating_contact_id",
  t."conversation_rating_contact_external_id" AS "conversation_rating_contact_external_id",
  t."conversation_rating_teammate_type" AS "conversation_rating_teammate_type",
  t."conversation_rating_teammate_id" AS "conversation_rating_teammate_id",
  timezone('UTC', t."first_contact_reply_created_at") AS "first_contact_reply_created_at",
  t."first_contact_reply_type" AS "first_contact_reply_type",
  t."first_contact_reply_url" AS "first_contact_reply_url",
  t."sla_applied_type" AS "sla_applied_type",
  t."sla_applied_sla_name" AS "sla_applied_sla_name",
  t."sla_applied_sla_status" AS "sla_applied_sla_status",
  t."statistics_type" AS "statistics_type",
  t."statistics_last_closed_by_id" AS "statistics_last_closed_by_id",
  t."statistics_time_to_assignment" AS "statistics_time_to_assignment",
  t."statistics_time_to_admin_reply" AS "statistics_time_to_admin_reply",
  t."statistics_time_to_first_close" AS "statistics_time_to_first_close",
  t."statistics_time_to_last_close" AS "statistics_time_to_last_close",
  t."statistics_median_time_to_reply" AS "statistics_median_time_to_reply",
  t."statistics_handling_time" AS "statistics_handling_time",
  t."statistics_adjusted_handling_time" AS "statistics_adjusted_handling_time",
  t."statistics_count_reopens" AS "statistics_count_reopens",
  t."statistics_count_assignments" AS "statistics_count_assignments",
  t."statistics_count_conversation_parts" AS "statistics_count_conversation_parts",
  timezone('UTC', t."statistics_first_contact_reply_at") AS "statistics_first_contact_reply_at",
  timezone('UTC', t."statistics_first_assignment_at") AS "statistics_first_assignment_at",
  timezone('UTC', t."statistics_first_admin_reply_at") AS "statistics_first_admin_reply_at",
  timezone('UTC', t."statistics_first_close_at") AS "statistics_first_close_at",
  timezone('UTC', t."statistics_last_assignment_at") AS "statistics_last_assignment_at",
  timezone('UTC', t."statistics_last_assignment_admin_reply_at") AS "statistics_last_assignment_admin_reply_at",
  timezone('UTC', t."statistics_last_contact_reply_at") AS "statistics_last_contact_reply_at",
  timezone('UTC', t."statistics_last_admin_reply_at") AS "statistics_last_admin_reply_at",
  timezone('UTC', t."statistics_last_close_at") AS "statistics_last_close_at",
  t."ai_agent_participated" AS "ai_agent_participated",
  t."sales_agent_participated" AS "sales_agent_participated",
  t."ai_agent_source_type" AS "ai_agent_source_type",
  t."ai_agent_source_title" AS "ai_agent_source_title",
  t."ai_agent_last_answer_type" AS "ai_agent_last_answer_type",
  t."ai_agent_resolution_state" AS "ai_agent_resolution_state",
  t."ai_agent_rating_remark" AS "ai_agent_rating_remark",
  t."ai_agent_rating" AS "ai_agent_rating",
  timezone('UTC', t."ai_agent_created_at") AS "ai_agent_created_at",
  timezone('UTC', t."ai_agent_updated_at") AS "ai_agent_updated_at",
  t."sales_agent_outcome" AS "sales_agent_outcome",
  t."sales_agent_routing_outcome" AS "sales_agent_routing_outcome",
  t."company_type" AS "company_type",
  t."company_id" AS "company_id",
  t."company_company_id" AS "company_company_id",
  t."company_app_id" AS "company_app_id",
  t."company_name" AS "company_name",
  t."company_website" AS "company_website",
  t."company_industry" AS "company_industry",
  t."company_plan_type" AS "company_plan_type",
  t."company_plan_id" AS "company_plan_id",
  t."company_plan_name" AS "company_plan_name",
  timezone('UTC', t."company_remote_created_at") AS "company_remote_created_at",
  timezone('UTC', t."company_created_at") AS "company_created_at",
  timezone('UTC', t."company_updated_at") AS "company_updated_at",
  timezone('UTC', t."company_last_request_at") AS "company_last_request_at",
  t."company_size" AS "company_size",
  t."company_session_count" AS "company_session_count",
  t."company_user_count" AS "company_user_count",
  t."company_monthly_spend" AS "company_monthly_spend",
  t."admin_assignee_id" AS "assignee_id",
  CASE WHEN t."admin_assignee_id" IS NOT NULL THEN 'admin' WHEN t."team_assignee_id" IS NOT NULL THEN 'team' END AS "assignee_type",
  t."conversation_rating_rating" AS "conversation_rating_value",
  t."sla_applied_sla_name" AS "sla_name",
  t."sla_applied_sla_status" AS "sla_status",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_conversations" AS t
WHERE TRUE;

-- view conversation_history replace 2
COMMENT ON VIEW "intercom_fivetran"."conversation_history" IS 'The table `conversation_history` of Fivetran, as a view of conversations: names of columns as there, times in UTC without zone. [intercom_assets:87db51e018243995]';

-- view conversation_part_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."conversation_part_history" AS
SELECT
  t."conversation_id" AS "conversation_id",
  t."type" AS "type",
  t."id" AS "id",
  t."part_type" AS "part_type",
  t."body" AS "body",
  t."state" AS "state",
  t."external_id" AS "external_id",
  t."app_package_code" AS "app_package_code",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  timezone('UTC', t."notified_at") AS "notified_at",
  t."redacted" AS "redacted",
  t."author_type" AS "author_type",
  t."author_id" AS "author_id",
  t."author_name" AS "author_name",
  t."author_email" AS "author_email",
  t."author_from_ai_agent" AS "author_from_ai_agent",
  t."author_is_ai_answer" AS "author_is_ai_answer",
  t."assigned_to_type" AS "assigned_to_type",
  t."assigned_to_id" AS "assigned_to_id",
  timezone('UTC', o."updated_at") AS "conversation_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_conversation_parts" AS t
LEFT JOIN "intercom"."eu_rudder_conversations" AS o ON o."id" = t."conversation_id"
WHERE t."_deleted_at" IS NULL;

-- view conversation_part_history replace 2
COMMENT ON VIEW "intercom_fivetran"."conversation_part_history" IS 'The table `conversation_part_history` of Fivetran, as a view of conversation_parts: names of columns as there, times in UTC without zone. [intercom_assets:8263722738c8275d]';

-- view conversation_tag_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."conversation_tag_history" AS
SELECT DISTINCT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/id') AS "tag_id",
  timezone('UTC', t."updated_at") AS "conversation_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view conversation_tag_history replace 2
COMMENT ON VIEW "intercom_fivetran"."conversation_tag_history" IS 'The table `conversation_tag_history` of Fivetran, as a view of conversations: names of columns as there, times in UTC without zone. [intercom_assets:82af3c2be64ef696]';

-- view conversation_contact_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."conversation_contact_history" AS
SELECT DISTINCT
  t."id" AS "conversation_id",
  (m.VALUE ->> '/id') AS "contact_id",
  timezone('UTC', t."updated_at") AS "conversation_updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_conversations" AS t, unnest(json_extract(t."contacts", '$.contacts[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '/id') IS NOT NULL;

-- view conversation_contact_history replace 2
COMMENT ON VIEW "intercom_fivetran"."conversation_contact_history" IS 'The table `conversation_contact_history` of Fivetran, as a view of conversations: names of columns as there, times in UTC without zone. [intercom_assets:89d47e6ea60b5580]';

-- view article_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."article_history" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  t."workspace_id" AS "workspace_id",
  t."title" AS "title",
  t."description" AS "description",
  t."body" AS "body",
  t."body_markdown" AS "body_markdown",
  t."author_id" AS "author_id",
  t."created_by_id" AS "created_by_id",
  t."updated_by_id" AS "updated_by_id",
  t."state" AS "state",
  t."url" AS "url",
  t."parent_id" AS "parent_id",
  t."parent_type" AS "parent_type",
  t."default_locale" AS "default_locale",
  t."help_center_audience" AS "help_center_audience",
  t."ai_chatbot_availability" AS "ai_chatbot_availability",
  t."ai_copilot_availability" AS "ai_copilot_availability",
  t."ai_sales_agent_availability" AS "ai_sales_agent_availability",
  t."has_unpublished_changes" AS "has_unpublished_changes",
  t."exclude_from_article_suggestions" AS "exclude_from_article_suggestions",
  timezone('UTC', t."draft_updated_at") AS "draft_updated_at",
  timezone('UTC', t."scheduled_publish_at") AS "scheduled_publish_at",
  timezone('UTC', t."scheduled_unpublish_at") AS "scheduled_unpublish_at",
  COALESCE(t."parent_id", (t."parent_ids" ->> '/0')) AS "collection_id",
  CAST(NULL AS VARCHAR) AS "section_id",
  o."type" AS "statistics_type",
  o."views" AS "statistics_views",
  o."conversations" AS "statistics_conversations",
  o."reactions" AS "statistics_reactions",
  o."happy_reaction_percentage" AS "statistics_happy_reaction_percentage",
  o."neutral_reaction_percentage" AS "statistics_neutral_reaction_percentage",
  o."sad_reaction_percentage" AS "statistics_sad_reaction_percentage",
  o."fin_involvements" AS "statistics_fin_involvements",
  o."fin_resolutions" AS "statistics_fin_resolutions",
  o."fin_resolution_rate" AS "statistics_fin_resolution_rate",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_articles" AS t
LEFT JOIN "intercom"."eu_rudder_article_statistics" AS o ON o."article_id" = t."id"
WHERE TRUE;

-- view article_history replace 2
COMMENT ON VIEW "intercom_fivetran"."article_history" IS 'The table `article_history` of Fivetran, as a view of articles: names of columns as there, times in UTC without zone. [intercom_assets:db142cc62d74ecc9]';

-- view collection_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."collection_history" AS
SELECT
  t."type" AS "type",
  t."id" AS "id",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  t."workspace_id" AS "workspace_id",
  t."name" AS "name",
  t."icon" AS "icon",
  t."description" AS "description",
  t."url" AS "url",
  t."parent_id" AS "parent_id",
  t."help_center_id" AS "help_center_id",
  t."default_locale" AS "default_locale",
  t."order" AS "order",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_collections" AS t
WHERE TRUE;

-- view collection_history replace 2
COMMENT ON VIEW "intercom_fivetran"."collection_history" IS 'The table `collection_history` of Fivetran, as a view of collections: names of columns as there, times in UTC without zone. [intercom_assets:7b44320f23acc479]';

-- view help_center_history replace 1
CREATE OR REPLACE VIEW "intercom_fivetran"."help_center_history" AS
SELECT
  t."id" AS "id",
  t."identifier" AS "identifier",
  t."workspace_id" AS "workspace_id",
  t."display_name" AS "display_name",
  t."url" AS "url",
  t."custom_domain" AS "custom_domain",
  t."website_turned_on" AS "website_turned_on",
  t."default" AS "default",
  timezone('UTC', t."created_at") AS "created_at",
  timezone('UTC', t."updated_at") AS "updated_at",
  t."_deleted_at" IS NULL AS "_fivetran_active",
  timezone('UTC', t."_synced_at") AS "_fivetran_start",
  timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)) AS "_fivetran_end",
  timezone('UTC', t."_synced_at") AS "_fivetran_synced"
FROM "intercom"."eu_rudder_help_centers" AS t
WHERE TRUE;

-- view help_center_history replace 2
COMMENT ON VIEW "intercom_fivetran"."help_center_history" IS 'The table `help_center_history` of Fivetran, as a view of help_centers: names of columns as there, times in UTC without zone. [intercom_assets:02425e0acb8cde54]';

-- view contact_social_profiles create 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_social_profiles" AS
SELECT
  t."id" AS "contact_id",
  (m.VALUE ->> '/name') AS "name",
  (m.VALUE ->> '/url') AS "url"
FROM "intercom"."eu_rudder_contacts" AS t, unnest(json_extract(t."social_profiles", '$.data[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL;

-- view contact_social_profiles create 2
COMMENT ON VIEW "intercom"."eu_rudder_contact_social_profiles" IS 'One row per contact and profile in a social network. [intercom_assets:9dc824b8602b2af6]';

-- create of the history
CREATE TABLE IF NOT EXISTS "intercom"."eu_rudder_things_history" (
  "id" VARCHAR,
  "parent_id" VARCHAR,
  "size" BIGINT,
  "updated_at" TIMESTAMP WITH TIME ZONE,
  "tags" JSON,
  "_valid_to" TIMESTAMP WITH TIME ZONE,
  "_extra" JSON,
  "_row_hash" VARCHAR,
  "_synced_at" TIMESTAMP WITH TIME ZONE,
  "_deleted_at" TIMESTAMP WITH TIME ZONE
);

-- archive_replaced
INSERT INTO "intercom"."eu_rudder_things_history" ("id", "parent_id", "size", "updated_at", "tags", "_extra", "_row_hash", "_synced_at", "_deleted_at", "_valid_to")
SELECT t."id", t."parent_id", t."size", t."updated_at", t."tags", t."_extra", t."_row_hash", t."_synced_at", t."_deleted_at", CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM "intercom"."eu_rudder_things" AS t INNER JOIN STAGED_ROWS AS s ON t."parent_id" = s."parent_id" AND t."id" = s."id"
WHERE (t."_row_hash" IS DISTINCT FROM s."_row_hash" OR t."_deleted_at" IS NOT NULL) AND (s."updated_at" IS NULL OR t."updated_at" IS NULL OR s."updated_at" <= CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR s."updated_at" >= LEAST(t."updated_at", t."_synced_at"))
  OR t."_deleted_at" IS NOT NULL;

-- archive
INSERT INTO "intercom"."eu_rudder_things_history" ("id", "parent_id", "size", "updated_at", "tags", "_extra", "_row_hash", "_synced_at", "_deleted_at", "_valid_to")
SELECT t."id", t."parent_id", t."size", t."updated_at", t."tags", t."_extra", t."_row_hash", t."_synced_at", t."_deleted_at", CAST(? AS TIMESTAMP WITH TIME ZONE)
FROM "intercom"."eu_rudder_things" AS t INNER JOIN (
  SELECT DISTINCT t."parent_id", t."id"
  FROM "intercom"."eu_rudder_things" AS t
  LEFT JOIN STAGED_ROWS AS s ON t."parent_id" = s."parent_id" AND t."id" = s."id"
  WHERE t."_deleted_at" IS NULL AND s."parent_id" IS NULL
) AS s ON t."parent_id" = s."parent_id" AND t."id" = s."id";

-- erase_redacted
UPDATE "intercom"."eu_rudder_things_history" SET "tags" = NULL, "_extra" = NULL
FROM (SELECT "eu_rudder_things_history".rowid AS _row, s.* FROM "intercom"."eu_rudder_things_history" AS "eu_rudder_things_history"
INNER JOIN (SELECT DISTINCT t."parent_id", t."id" FROM "intercom"."eu_rudder_things" AS t WHERE t."redacted") AS s ON "eu_rudder_things_history"."parent_id" = s."parent_id" AND "eu_rudder_things_history"."id" = s."id" AND NOT COALESCE("eu_rudder_things_history"."redacted", FALSE)
  AND ("eu_rudder_things_history"."tags" IS NOT NULL OR "eu_rudder_things_history"."_extra" IS NOT NULL)
ORDER BY "eu_rudder_things_history".rowid) AS s WHERE "eu_rudder_things_history".rowid = s._row;

-- expire
DELETE FROM "intercom"."eu_rudder_things_history" WHERE "_valid_to" < CAST(? AS TIMESTAMP WITH TIME ZONE);

-- rewrite of the history
UPDATE "intercom"."eu_rudder_things_history" SET "size" = s."size", "_extra" = s."_extra"
FROM (SELECT "eu_rudder_things_history".rowid AS _row, s.* FROM "intercom"."eu_rudder_things_history" AS "eu_rudder_things_history"
INNER JOIN STAGED_ROWS AS s ON "eu_rudder_things_history"."parent_id" = s."parent_id" AND "eu_rudder_things_history"."id" = s."id" AND "eu_rudder_things_history"."_synced_at" = s."_synced_at"
ORDER BY "eu_rudder_things_history".rowid) AS s WHERE "eu_rudder_things_history".rowid = s._row;

-- query BrokenVersions
SELECT q.*, COUNT(*) OVER () AS total FROM (
SELECT "id", "_valid_from", "_valid_to"
FROM (
  SELECT "id", "_valid_from", "_valid_to", LEAD("_valid_from") OVER (PARTITION BY "id" ORDER BY "_valid_from", "_valid_to" NULLS LAST) AS following
  FROM "intercom"."eu_rudder_admins_versions"
) AS v
WHERE "_valid_to" <= "_valid_from" OR following < "_valid_to" OR ("_valid_to" IS NULL AND following IS NOT NULL)
) AS q
ORDER BY 1 LIMIT 10;

-- view admins_versions create 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_admins_versions" AS
SELECT
  "id",
  "name",
  "_synced_at",
  "_deleted_at",
  "_synced_at" AS "_valid_from",
  CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "_valid_to",
  TRUE AS "_is_current"
FROM "intercom"."eu_rudder_admins"
UNION ALL
SELECT
  "id",
  "name",
  "_synced_at",
  "_deleted_at",
  "_synced_at" AS "_valid_from",
  "_valid_to",
  FALSE AS "_is_current"
FROM "intercom"."eu_rudder_admins_history"
WHERE "_valid_to" IS NOT NULL;

-- view admins_versions create 2
COMMENT ON VIEW "intercom"."eu_rudder_admins_versions" IS 'One row per version of a row of admins, valid from `_valid_from` until before `_valid_to`, which is null for the current one. [intercom_assets:376d2a7ada35dd56]';

-- view things_all create 1
CREATE OR REPLACE VIEW "intercom"."intercom_things_all" AS
SELECT
  'eu' AS "_source",
  'it''s \ w1' AS "_workspace_id",
  "id" AS "id",
  "parent_id" AS "parent_id",
  "size" AS "size",
  "tags" AS "tags"
FROM "intercom"."eu_rudder_things"
WHERE TRUE
UNION ALL
SELECT
  'us' AS "_source",
  CAST(NULL AS VARCHAR) AS "_workspace_id",
  "id" AS "id",
  "parent_id" AS "parent_id",
  "size" AS "size",
  CAST(NULL AS JSON) AS "tags"
FROM "intercom"."rudder_things"
WHERE TRUE;

-- view things_all create 2
COMMENT ON VIEW "intercom"."intercom_things_all" IS 'Of "eu", "us". [intercom_assets:a71c60fb043793a7]';

-- query Naming
SELECT DISTINCT t."parent_id", t."parent_id", t."parent_id"
FROM "intercom"."eu_rudder_things" AS t
WHERE t."parent_id" IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'));

-- query Naming in a list
SELECT DISTINCT t."parent_id", (m.VALUE ->> '/id'), CAST(t."tags" AS VARCHAR)
FROM "intercom"."eu_rudder_things" AS t, unnest(json_extract(t."tags", '$.tags[*]')) AS m(value)
WHERE (m.VALUE ->> '/id') IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'));

-- erasure of rows, counted
SELECT "parent_id", COUNT(*) FROM "intercom"."eu_rudder_things"
WHERE "parent_id" IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
GROUP BY "parent_id";

-- erasure of rows
DELETE FROM "intercom"."eu_rudder_things"
WHERE "parent_id" IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'));

-- erasure of values in the history, counted
SELECT "parent_id", COUNT(*) FROM "intercom"."eu_rudder_things_history"
WHERE "parent_id" IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
  AND ("tags" IS NOT NULL OR "_extra" IS NOT NULL)
GROUP BY "parent_id";

-- erasure of values in the history
UPDATE "intercom"."eu_rudder_things_history" SET "tags" = NULL, "_extra" = NULL
WHERE "parent_id" IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
  AND ("tags" IS NOT NULL OR "_extra" IS NOT NULL);

-- erasure of members of lists, counted
SELECT CAST("tags" AS VARCHAR), COUNT(*) FROM "intercom"."eu_rudder_things"
WHERE CAST("tags" AS VARCHAR) IN (SELECT unnest(CAST(? AS JSON) ->> '$[*]'))
GROUP BY CAST("tags" AS VARCHAR);

-- erasure of members of lists
UPDATE "intercom"."eu_rudder_things" SET "tags" = s.later
FROM (SELECT "eu_rudder_things".rowid AS _row, s.* FROM "intercom"."eu_rudder_things" AS "eu_rudder_things"
INNER JOIN (SELECT r.earlier, CAST(r.later AS JSON) AS later
FROM (SELECT CAST(? AS VARCHAR) AS earlier, CAST(? AS VARCHAR) AS later) AS r) AS s ON CAST("eu_rudder_things"."tags" AS VARCHAR) = s.earlier
ORDER BY "eu_rudder_things".rowid) AS s WHERE "eu_rudder_things".rowid = s._row;

-- names that are not plain
SELECT COUNT(*) FROM "two ""words"""."12_rudder_things";
