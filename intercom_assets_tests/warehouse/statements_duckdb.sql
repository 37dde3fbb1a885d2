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
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at"
FROM "intercom"."eu_rudder_things"
WHERE "_synced_at" > CAST(? AS TIMESTAMP WITH TIME ZONE) OR ("_synced_at" = CAST(? AS TIMESTAMP WITH TIME ZONE) AND "parent_id" > ?)
ORDER BY "_synced_at", "parent_id" LIMIT 500;

-- due from the beginning
SELECT "parent_id", "_synced_at", "_deleted_at" IS NOT NULL, "updated_at"
FROM "intercom"."eu_rudder_things"
ORDER BY "_synced_at", "parent_id" LIMIT 500;

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

-- view subscription_type_content_types create 1
CREATE OR REPLACE VIEW "intercom"."eu_rudder_subscription_type_content_types" AS
SELECT DISTINCT t."id" AS "subscription_type_id", (m.VALUE ->> '$') AS "content_type"
FROM "intercom"."eu_rudder_subscription_types" AS t, unnest(json_extract(t."content_types", '$[*]')) AS m(value)
WHERE t."_deleted_at" IS NULL AND (m.VALUE ->> '$') IS NOT NULL;

-- view subscription_type_content_types create 2
COMMENT ON VIEW "intercom"."eu_rudder_subscription_type_content_types" IS 'One row per type of subscription and kind of message that it covers. [intercom_assets:824f636fbad9190e]';

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

-- names that are not plain
SELECT COUNT(*) FROM "two ""words"""."12_rudder_things";
