-- companies_flat replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_companies_flat" AS
SELECT
  "id",
  "name",
  "custom_attributes" ->> '/plan_tier' AS "custom_plan_tier",
  TRY_CAST(regexp_extract("custom_attributes" ->> '/Seats', '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract("custom_attributes" ->> '/ARR €', '^[+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') AS DOUBLE) AS "custom_arr",
  CASE lower(coalesce("custom_attributes" ->> '/is.beta', "custom_attributes" ->> '/is/beta')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  coalesce(to_timestamp(TRY_CAST(regexp_extract("custom_attributes" ->> '/trial_ends_at', '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT)),
    TRY_CAST(regexp_extract("custom_attributes" ->> '/trial_ends_at', '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$') AS TIMESTAMPTZ)) AS "custom_trial_ends_at",
  "custom_attributes" ->> '/it''s ~1 "odd" ~0 \' AS "custom_it_s_odd",
  "custom_attributes" ->> '/会社名' AS "custom_会社名"
FROM "intercom"."eu_rudder_companies"
WHERE "_deleted_at" IS NULL;

-- companies_flat comment
COMMENT ON VIEW "intercom"."eu_rudder_companies_flat" IS 'One row per company that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:9868cddd06b13547]';

-- contacts_flat replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contacts_flat" AS
SELECT
  "id",
  "name",
  "custom_attributes" ->> '/plan_tier' AS "custom_plan_tier",
  TRY_CAST(regexp_extract("custom_attributes" ->> '/Seats', '^(-?([0-9]{1,18}|[1-8][0-9]{18}))([.]0+)?$', 1) AS BIGINT) AS "custom_seats",
  TRY_CAST(regexp_extract("custom_attributes" ->> '/ARR €', '^[+-]?([0-9]{1,200}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') AS DOUBLE) AS "custom_arr",
  CASE lower(coalesce("custom_attributes" ->> '/is.beta', "custom_attributes" ->> '/is/beta')) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS "custom_is_beta",
  coalesce(to_timestamp(TRY_CAST(regexp_extract("custom_attributes" ->> '/trial_ends_at', '^(-[0-9]{1,10}|[0-9]{1,11})([.]0+)?$', 1) AS BIGINT)),
    TRY_CAST(regexp_extract("custom_attributes" ->> '/trial_ends_at', '^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$') AS TIMESTAMPTZ)) AS "custom_trial_ends_at",
  "custom_attributes" ->> '/it''s ~1 "odd" ~0 \' AS "custom_it_s_odd",
  "custom_attributes" ->> '/会社名' AS "custom_会社名"
FROM "intercom"."eu_rudder_contacts"
WHERE "_deleted_at" IS NULL;

-- contacts_flat comment
COMMENT ON VIEW "intercom"."eu_rudder_contacts_flat" IS 'One row per contact that is not deleted. Its own columns, and a typed column `custom_…` per custom attribute, where a value that does not fit the type of the attribute is null. [intercom_assets:c591de855e8cf0af]';

-- contact_companies replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_companies" AS
SELECT DISTINCT row_key AS "contact_id", member ->> '/id' AS "company_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("companies", '$.data[*]')) AS member
  FROM "intercom"."eu_rudder_contacts"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '/id') IS NOT NULL;

-- contact_companies comment
COMMENT ON VIEW "intercom"."eu_rudder_contact_companies" IS 'One row per contact and company that the contact belongs to. [intercom_assets:0ca47ae75b65487c]';

-- contact_tags replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_contact_tags" AS
SELECT DISTINCT row_key AS "contact_id", member ->> '/id' AS "tag_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("tags", '$.data[*]')) AS member
  FROM "intercom"."eu_rudder_contacts"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '/id') IS NOT NULL;

-- contact_tags comment
COMMENT ON VIEW "intercom"."eu_rudder_contact_tags" IS 'One row per contact and tag that the contact has. [intercom_assets:d15e0a574a3860cd]';

-- company_tags replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_company_tags" AS
SELECT DISTINCT row_key AS "company_id", member ->> '/id' AS "tag_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("tags", '$.tags[*]')) AS member
  FROM "intercom"."eu_rudder_companies"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '/id') IS NOT NULL;

-- company_tags comment
COMMENT ON VIEW "intercom"."eu_rudder_company_tags" IS 'One row per company and tag that the company has. [intercom_assets:9f997ecbf3b7c6f3]';

-- conversation_tags replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_tags" AS
SELECT DISTINCT row_key AS "conversation_id", member ->> '/id' AS "tag_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("tags", '$.tags[*]')) AS member
  FROM "intercom"."eu_rudder_conversations"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '/id') IS NOT NULL;

-- conversation_tags comment
COMMENT ON VIEW "intercom"."eu_rudder_conversation_tags" IS 'One row per conversation and tag that the conversation has. [intercom_assets:9b59a4480a38c20b]';

-- conversation_contacts replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_conversation_contacts" AS
SELECT DISTINCT row_key AS "conversation_id", member ->> '/id' AS "contact_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("contacts", '$.contacts[*]')) AS member
  FROM "intercom"."eu_rudder_conversations"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '/id') IS NOT NULL;

-- conversation_contacts comment
COMMENT ON VIEW "intercom"."eu_rudder_conversation_contacts" IS 'One row per conversation and contact who takes part in it. [intercom_assets:429db5ca37a3fe90]';

-- team_admins replace
CREATE OR REPLACE VIEW "intercom"."eu_rudder_team_admins" AS
SELECT DISTINCT row_key AS "team_id", member ->> '$' AS "admin_id"
FROM (
  SELECT "id" AS row_key, unnest(json_extract("admin_ids", '$[*]')) AS member
  FROM "intercom"."eu_rudder_teams"
  WHERE "_deleted_at" IS NULL
)
WHERE (member ->> '$') IS NOT NULL;

-- team_admins comment
COMMENT ON VIEW "intercom"."eu_rudder_team_admins" IS 'One row per team and teammate in it. [intercom_assets:a97ff42ab32625d6]';

-- rename
ALTER VIEW "intercom"."eu_rudder_team_admins" RENAME TO "eu_rudder_team_admins_before";
