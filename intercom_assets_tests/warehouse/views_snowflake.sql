-- companies_flat replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_COMPANIES_FLAT" COPY GRANTS COMMENT = 'One row per company that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null.' AS
SELECT
  "ID",
  "NAME",
  CAST("CUSTOM_ATTRIBUTES"['plan_tier'] AS TEXT) AS "CUSTOM_PLAN_TIER",
  TRY_TO_NUMBER(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['Seats'] AS TEXT), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1, 1, 'e', 1), 38, 0) AS "CUSTOM_SEATS",
  TRY_TO_DOUBLE(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['ARR €'] AS TEXT), '^[+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$')) AS "CUSTOM_ARR",
  CASE LOWER(COALESCE(CAST("CUSTOM_ATTRIBUTES"['is.beta'] AS TEXT), CAST("CUSTOM_ATTRIBUTES"['is']['beta'] AS TEXT))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "CUSTOM_IS_BETA",
  COALESCE(DATEADD(microsecond, TRY_TO_NUMBER(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['trial_ends_at'] AS TEXT), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1, 1, 'e', 1), 38, 0) * 1000000, CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)),
    TRY_CAST(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['trial_ends_at'] AS TEXT), '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$') AS TIMESTAMP_TZ)) AS "CUSTOM_TRIAL_ENDS_AT",
  CAST("CUSTOM_ATTRIBUTES"['it''s / "odd" ~ \\'] AS TEXT) AS "CUSTOM_IT_S_ODD",
  CAST("CUSTOM_ATTRIBUTES"['会社名'] AS TEXT) AS "custom_会社名"
FROM "INTERCOM"."EU_RUDDER_COMPANIES"
WHERE "_DELETED_AT" IS NULL
  AND 'intercom_assets:826a8e41929c599c' <> '';

-- contacts_flat replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_CONTACTS_FLAT" COPY GRANTS COMMENT = 'One row per contact that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null.' AS
SELECT
  "ID",
  "NAME",
  CAST("CUSTOM_ATTRIBUTES"['plan_tier'] AS TEXT) AS "CUSTOM_PLAN_TIER",
  TRY_TO_NUMBER(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['Seats'] AS TEXT), '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1, 1, 'e', 1), 38, 0) AS "CUSTOM_SEATS",
  TRY_TO_DOUBLE(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['ARR €'] AS TEXT), '^[+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$')) AS "CUSTOM_ARR",
  CASE LOWER(COALESCE(CAST("CUSTOM_ATTRIBUTES"['is.beta'] AS TEXT), CAST("CUSTOM_ATTRIBUTES"['is']['beta'] AS TEXT))) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "CUSTOM_IS_BETA",
  COALESCE(DATEADD(microsecond, TRY_TO_NUMBER(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['trial_ends_at'] AS TEXT), '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1, 1, 'e', 1), 38, 0) * 1000000, CAST('1970-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)),
    TRY_CAST(REGEXP_SUBSTR(CAST("CUSTOM_ATTRIBUTES"['trial_ends_at'] AS TEXT), '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$') AS TIMESTAMP_TZ)) AS "CUSTOM_TRIAL_ENDS_AT",
  CAST("CUSTOM_ATTRIBUTES"['it''s / "odd" ~ \\'] AS TEXT) AS "CUSTOM_IT_S_ODD",
  CAST("CUSTOM_ATTRIBUTES"['会社名'] AS TEXT) AS "custom_会社名"
FROM "INTERCOM"."EU_RUDDER_CONTACTS"
WHERE "_DELETED_AT" IS NULL
  AND 'intercom_assets:efb2d507bc8827b7' <> '';

-- contact_companies replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_CONTACT_COMPANIES" COPY GRANTS COMMENT = 'One row per contact and company that the contact belongs to.' AS
SELECT DISTINCT t."ID" AS "CONTACT_ID", CAST(m.VALUE['id'] AS TEXT) AS "COMPANY_ID"
FROM "INTERCOM"."EU_RUDDER_CONTACTS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."COMPANIES"['data']) THEN t."COMPANIES"['data'] END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE['id'] AS TEXT) IS NOT NULL
  AND 'intercom_assets:688a6f167d883c27' <> '';

-- contact_tags replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_CONTACT_TAGS" COPY GRANTS COMMENT = 'One row per contact and tag that the contact has.' AS
SELECT DISTINCT t."ID" AS "CONTACT_ID", CAST(m.VALUE['id'] AS TEXT) AS "TAG_ID"
FROM "INTERCOM"."EU_RUDDER_CONTACTS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."TAGS"['data']) THEN t."TAGS"['data'] END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE['id'] AS TEXT) IS NOT NULL
  AND 'intercom_assets:3cf399e7a2a9baf5' <> '';

-- company_tags replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_COMPANY_TAGS" COPY GRANTS COMMENT = 'One row per company and tag that the company has.' AS
SELECT DISTINCT t."ID" AS "COMPANY_ID", CAST(m.VALUE['id'] AS TEXT) AS "TAG_ID"
FROM "INTERCOM"."EU_RUDDER_COMPANIES" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."TAGS"['tags']) THEN t."TAGS"['tags'] END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE['id'] AS TEXT) IS NOT NULL
  AND 'intercom_assets:da4fc616a5729fe5' <> '';

-- conversation_tags replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_CONVERSATION_TAGS" COPY GRANTS COMMENT = 'One row per conversation and tag that the conversation has.' AS
SELECT DISTINCT t."ID" AS "CONVERSATION_ID", CAST(m.VALUE['id'] AS TEXT) AS "TAG_ID"
FROM "INTERCOM"."EU_RUDDER_CONVERSATIONS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."TAGS"['tags']) THEN t."TAGS"['tags'] END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE['id'] AS TEXT) IS NOT NULL
  AND 'intercom_assets:531bc36f9b946c1d' <> '';

-- conversation_contacts replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_CONVERSATION_CONTACTS" COPY GRANTS COMMENT = 'One row per conversation and contact who takes part in it.' AS
SELECT DISTINCT t."ID" AS "CONVERSATION_ID", CAST(m.VALUE['id'] AS TEXT) AS "CONTACT_ID"
FROM "INTERCOM"."EU_RUDDER_CONVERSATIONS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."CONTACTS"['contacts']) THEN t."CONTACTS"['contacts'] END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE['id'] AS TEXT) IS NOT NULL
  AND 'intercom_assets:6f25c7c7919ae2be' <> '';

-- team_admins replace
CREATE OR REPLACE VIEW "INTERCOM"."EU_RUDDER_TEAM_ADMINS" COPY GRANTS COMMENT = 'One row per team and teammate in it.' AS
SELECT DISTINCT t."ID" AS "TEAM_ID", CAST(m.VALUE AS TEXT) AS "ADMIN_ID"
FROM "INTERCOM"."EU_RUDDER_TEAMS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."ADMIN_IDS") THEN t."ADMIN_IDS" END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE AS TEXT) IS NOT NULL
  AND 'intercom_assets:664cbd781e1e4a14' <> '';

-- team_admins create
CREATE VIEW "INTERCOM"."EU_RUDDER_TEAM_ADMINS" COMMENT = 'One row per team and teammate in it.' AS
SELECT DISTINCT t."ID" AS "TEAM_ID", CAST(m.VALUE AS TEXT) AS "ADMIN_ID"
FROM "INTERCOM"."EU_RUDDER_TEAMS" AS t, LATERAL FLATTEN(INPUT => CASE WHEN IS_ARRAY(t."ADMIN_IDS") THEN t."ADMIN_IDS" END) AS m
WHERE t."_DELETED_AT" IS NULL AND CAST(m.VALUE AS TEXT) IS NOT NULL
  AND 'intercom_assets:664cbd781e1e4a14' <> '';

-- rename
ALTER TABLE "INTERCOM"."EU_RUDDER_TEAM_ADMINS" RENAME TO "INTERCOM"."EU_RUDDER_TEAM_ADMINS_BEFORE";

-- show_views
SHOW VIEWS LIKE 'eu_it''s_rudder_%' IN SCHEMA "INTERCOM";

-- show_objects
SHOW TERSE OBJECTS LIKE 'eu_rudder_%' IN SCHEMA "INTERCOM";
