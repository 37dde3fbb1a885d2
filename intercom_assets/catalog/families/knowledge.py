"""The help centers, and what Fin answers from.

Intercom names no permission for content snippets and audiences, and that of redirects only as
`read_help_center_redirects_scope`; the likely names are given.
"""

from intercom_assets.catalog.endpoints import Child, Listing, Numbered
from intercom_assets.catalog.replication import ByParent
from intercom_assets.catalog.resource import (
    ApiVersion,
    Level,
    Resource,
    identity,
    optional,
    reference,
    stamps,
)
from intercom_assets.catalog.table import boolean, double, integer, json, legacy, text, timestamp

_ARTICLES = "Read and List articles"
_CONTENT = "Read content data"
_AUTHOR = "Teammate who wrote it; of several languages, the default one's author."

_AI_AVAILABILITY = boolean(
    ai_chatbot_availability="Whether Fin answers customers from it.",
    ai_copilot_availability="Whether Copilot answers teammates from it.",
    ai_sales_agent_availability="Whether the sales agent answers from it.",
)

_CONTENTS: tuple[Resource, ...] = optional(
    Resource(
        name="articles",
        description="One row per article of the help centers, drafts included.",
        endpoint=Listing("/articles"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("article", dated=True),
            *text(
                workspace_id="Workspace that it belongs to.",
                title="Title in the default language.",
                description="Summary in the default language.",
                body="Text in the default language, as HTML.",
                body_markdown="Text in the default language, as Markdown.",
                author_id=_AUTHOR,
                created_by_id="Teammate who created it.",
                updated_by_id="Teammate who last edited it.",
                state="`published` or `draft`, in the default language.",
                url="Address in the help center; null for a draft.",
                parent_id="Collection that it is in; up to 2.15, later see `parent_ids`.",
                parent_type="Kind of parent: `collection` or, before 2.10, `section`.",
                default_locale="Default language of a help center with several.",
                help_center_audience="Who may see it, such as `everyone` or `restricted`.",
            ),
            *json(
                parent_ids="Collections that it is in.",
                translated_content="Its content by language, in a help center with several.",
                tags="Tags of the article.",
                audience_ids="Audiences that Fin uses it for, in a help center of one language.",
            ),
            *_AI_AVAILABILITY,
            *boolean(
                has_unpublished_changes="Whether it is published and has a newer draft.",
                exclude_from_article_suggestions="Whether Fin leaves it out of suggestions.",
            ),
            *timestamp(
                draft_updated_at="When its newer draft was last edited.",
                scheduled_publish_at="When it is to be published.",
                scheduled_unpublish_at="When it is to be taken offline.",
            ),
        ),
        scope=_ARTICLES,
        docs=reference("articles/listarticles"),
    ),
    Resource(
        name="collections",
        description="One row per collection of articles; a collection can lie in another.",
        endpoint=Listing("/help_center/collections"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("collection", dated=True),
            *text(workspace_id="Workspace that it belongs to.", name="Name.", icon="Icon."),
            *text(description="Summary.", url="Address in the help center."),
            *text(parent_id="Collection around it.", help_center_id="Help center that it is in."),
            *text(default_locale="Default language of a help center with several."),
            *integer(order="Place among its neighbours, from 0."),
            *json(translated_content="Name and summary by language."),
        ),
        scope=_ARTICLES,
        docs=reference("help-center/listallcollections"),
    ),
    Resource(
        name="help_centers",
        description="One row per help center.",
        endpoint=Listing("/help_center/help_centers"),
        columns=(
            *text(id="Unique identifier, given by Intercom.", identifier="Name in its address."),
            *text(workspace_id="Workspace that it belongs to.", display_name="Name for teammates."),
            *text(url="Address.", custom_domain="Domain of your own."),
            *boolean(website_turned_on="Whether people can visit it.", default="Main one."),
            *json(locales="Languages that it is offered in."),
            *stamps(),
        ),
        scope=_ARTICLES,
        docs=reference("help-center/listhelpcenters"),
    ),
    Resource(
        name="help_center_redirects",
        description="One row per address that leads to an article or collection instead.",
        endpoint=Child("/help_center/help_centers/{id}/redirects", records=("data",)),
        pagination=Numbered(per_page=250),
        replication=ByParent(
            parent="help_centers", key="help_center_id", changes_without_parent=True
        ),
        primary_key=("help_center_id", "id"),
        columns=(
            *text(help_center_id="Help center that it belongs to (help_centers.id)."),
            *identity("help_center_redirect", dated=True),
            *text(from_url="Address that leads elsewhere.", locale="Language of its target."),
            *text(target_type="`article` or `collection`.", target_id="Where it leads to."),
        ),
        scope="Read help center redirects",
        docs=reference("help-center/listhelpcenterredirects"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="internal_articles",
        description="One row per article for teammates only.",
        endpoint=Listing("/internal_articles"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("internal_article", dated=True),
            *text(title="Title.", body="Text, as HTML.", body_markdown="Text, as Markdown."),
            *text(owner_id="Teammate who looks after it.", author_id="Teammate who wrote it."),
            *text(locale="Language."),
            *_AI_AVAILABILITY,
            *json(audience_ids="Audiences that Fin uses it for."),
        ),
        scope=_ARTICLES,
        docs=reference("internal-articles/listinternalarticles"),
        since=ApiVersion(2, 13),
    ),
    Resource(
        name="content_snippets",
        description="One row per short text that only Fin and Copilot see.",
        endpoint=Listing("/content_snippets"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("content_snippet", dated=True),
            *text(title="Title.", locale="Language.", body_markdown="Text, as Markdown."),
            *json(json_blocks="Text, in blocks.", audience_ids="Audiences that Fin uses it for."),
            *integer(chatbot_availability="1 where Fin may use it; out of date, as Intercom says."),
            *integer(copilot_availability="1 where Copilot may use it; likewise out of date."),
            *_AI_AVAILABILITY,
        ),
        scope=_CONTENT,
        docs=reference("content-snippets/listcontentsnippets"),
        since=ApiVersion(2, 16),
    ),
    Resource(
        name="external_pages",
        description="One row per page of another site that Fin answers from.",
        endpoint=Listing("/ai/external_pages"),
        # A row is a page of a site with all of its HTML.
        pagination=Numbered(per_page=25),
        columns=(
            *identity("external_page", dated=True),
            *text(title="Title.", html="Content, as HTML.", url="Address that Fin links to."),
            *text(locale="Language: always `en`.", external_id="Identifier within its source."),
            *text(source_id="Content import source that it comes from."),
            *boolean(
                ai_agent_availability="Whether Fin answers customers from it.",
                ai_copilot_availability="Whether Copilot answers teammates from it.",
                ai_sales_agent_availability="Whether the sales agent answers from it.",
                fin_availability="Whether Fin answers from it; out of date, as Intercom says.",
            ),
            *timestamp(last_ingested_at="When it was last read in."),
        ),
        scope=_CONTENT,
        docs=reference("ai-content/listexternalpages"),
        since=ApiVersion(2, 12),
    ),
    Resource(
        name="content_import_sources",
        description="One row per site that external pages come from.",
        endpoint=Listing("/ai/content_import_sources"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("content_import_source", dated=True),
            *text(url="Where the site begins.", status="`active` or `deactivated`."),
            *text(sync_behavior="Who reads it in: `api`, `automatic` or `manual`."),
            *json(audience_ids="Audiences that Fin uses it for."),
            *timestamp(last_synced_at="When it was last read in."),
        ),
        scope=_CONTENT,
        docs=reference("ai-content/listcontentimportsources"),
        since=ApiVersion(2, 12),
    ),
    Resource(
        name="audiences",
        description="One row per group of people that content for Fin is meant for.",
        endpoint=Listing("/audiences"),
        pagination=Numbered(per_page=50),
        columns=(
            *identity("audience", dated=True),
            *text(name="Name."),
            *json(predicates="Conditions for a person.", role_predicates="Conditions for a role."),
        ),
        scope=_CONTENT,
        docs=reference("audiences/listaudiences"),
        since=ApiVersion(2, 16),
    ),
)

_ABOUT: tuple[Resource, ...] = optional(
    Resource(
        name="article_statistics",
        description="One row per article: how often it was read, liked and used, as last read.",
        endpoint=Child("/articles/{id}", records=("statistics",), single=True),
        replication=ByParent(parent="articles", key="article_id", changes_without_parent=True),
        primary_key=("article_id",),
        columns=(
            *text(article_id="Article that the figures are of (articles.id); added by the sync."),
            *text(type="Kind of object: always `article_statistics`."),
            *integer(views="How often it was viewed."),
            *legacy(
                "conversions",
                None,
                integer(conversations="Conversations that began at it."),
            ),
            *integer(reactions="Reactions of readers."),
            *double(
                happy_reaction_percentage="Share of happy reactions, as a percentage.",
                neutral_reaction_percentage="Share of neutral reactions, as a percentage.",
                sad_reaction_percentage="Share of sad reactions, as a percentage.",
            ),
            *integer(
                fin_involvements="Conversations in which Fin used it, in any language.",
                fin_resolutions="Conversations that Fin resolved with it, in any language.",
            ),
            *double(fin_resolution_rate="Share of Fin's uses that resolved, as a percentage."),
        ),
        scope=_ARTICLES,
        docs=reference("articles/retrievearticle"),
    ),
    Resource(
        name="article_versions",
        description="One row per version of an article, without its text.",
        endpoint=Child("/articles/{id}/versions", records=("data",)),
        pagination=Numbered(per_page=25),
        replication=ByParent(parent="articles", key="article_id"),
        primary_key=("article_id", "id"),
        columns=(
            *text(article_id="Article that it is a version of."),
            *identity("article_version"),
            *text(title="Title.", description="Summary.", author_id="Author it then named."),
            *text(created_by_id="Teammate who made the version."),
            *text(created_via="How it was made, such as `web` or `api`."),
            *text(from_version_id="Version that it was made from; null for the first."),
            *text(state="`published` if readers see it, else `draft`."),
            *timestamp(created_at="When the version was made."),
        ),
        scope=_ARTICLES,
        docs=reference("articles/listarticleversions"),
        since=ApiVersion(2, 16),
    ),
    level=Level.COSTLY,
)

KNOWLEDGE = (*_CONTENTS, *_ABOUT)
