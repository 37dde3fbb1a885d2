"""A source as a Dagster component: turns settings into assets, jobs, schedules and resources."""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias, assert_never

import click
import dagster as dg
from dagster.components.resolved.core_models import AssetAttributesModel
from dagster.components.utils.translation import TranslatorResolvingInfo
from pydantic import BaseModel, Field, WithJsonSchema, create_model

from intercom_assets.errors import ConfigurationError
from intercom_assets.orchestration.alerts import build_alerts
from intercom_assets.orchestration.assets import SharedSyncConfig, build_assets
from intercom_assets.orchestration.connections import IntercomConnection
from intercom_assets.orchestration.io_manager import DuckDBIOManager, WarehouseIOManager
from intercom_assets.orchestration.jobs import build_jobs
from intercom_assets.orchestration.rules import DAGSTER_RULES
from intercom_assets.orchestration.schedules import build_schedules
from intercom_assets.orchestration.specs import (
    AssetProps,
    SourceSpecs,
    Translation,
    connection_key,
    io_manager_key,
    options_key,
    untranslated,
)
from intercom_assets.orchestration.views import build_models, build_unions
from intercom_assets.settings.scaffold import FIRST, source_file, source_name, variable
from intercom_assets.settings.sharing import is_united, refuse_shared_tables
from intercom_assets.settings.source import GROUPS, Settings, as_settings, read_settings
from intercom_assets.settings.values import SettingsGroup, meaning_of, schemas_of, settings_of
from intercom_assets.settings.warehouse import DuckDBSettings, SnowflakeSettings

_logger = logging.getLogger("intercom_assets")


_TEMPLATE: dict[str, Any] = {"type": "string", "pattern": r"\{[{%#]"}
_VARIABLE: dict[str, Any] = {
    "type": "object",
    "properties": {"env": {"type": "string"}},
    "required": ["env"],
    "additionalProperties": False,
}


@cache
def model_of_file(group: type[SettingsGroup]) -> type[BaseModel]:
    """Derive the model of a file from the settings: each takes a value, a variable or a template.

    The model itself accepts any value, so that wrong ones get our own message, all at once; its
    JSON schema is strict, for editors and `dg check yaml`.
    """
    fields: dict[str, Any] = {}
    for name, field in settings_of(group).items():
        forms = {"anyOf": [{"type": "null"}, *schemas_of(field), _VARIABLE, _TEMPLATE]}
        form = (
            model_of_file(GROUPS[name]) | None
            if name in GROUPS
            else Annotated[Any, WithJsonSchema(forms)]
        )
        fields[name] = (form, Field(default=None, description=meaning_of(field)))
    if group is Settings:
        fields["translation"] = (
            str | AssetAttributesModel | None,
            Field(
                default=None,
                description="What assets look like in Dagster: key, key_prefix, group_name, "
                "description, tags, owners and others; `{{ props.name }}` is the resource's name.",
            ),
        )
    return create_model(f"{group.__name__}File", __base__=dg.Model, **fields)


def _filled_in(context: dg.ResolutionContext, value: Any) -> Any:  # noqa: ANN401 - as in YAML
    # Only templates go through Dagster's engine, which would turn a plain "2.10" into 2.1.
    is_template = any(mark in str(value) for mark in ("{{", "{%", "{#"))
    return context.resolve_value(value) if is_template else value


class SourceScaffolder(dg.Scaffolder):
    """Writes the file of a new source: `dg scaffold defs intercom_assets.IntercomSource eu`."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write the file, and say which variable to set next."""
        if request.scaffold_format == "python":
            dg.scaffold_component(request)
            return
        place = request.target_path
        file = place if request.append else place / "defs.yaml"
        text = source_file(request.type_name, file.parent.name)
        with file.open("a" if request.append else "w", encoding="utf-8") as written:
            written.write(f"---\n{text}" if request.append else text)
        token = variable(source_name(file.parent.name), "access_token")
        click.echo(f"Wrote {file}. Next: set {token}, in the environment or in .env.")


@dg.scaffold_with(SourceScaffolder)
class IntercomSource(dg.Component, dg.Resolvable):
    """One Intercom workspace, synced with one table prefix.

    Every setting takes a literal or `{env: NAME}`; unset or empty means the default. All problems
    are reported at once when the code location loads.
    """

    def __init__(
        self,
        *,
        translation: Callable[[dg.AssetSpec, AssetProps], dg.AssetSpec] | None = None,
        **settings: object,
    ) -> None:
        """Accept settings as in a file (docs/settings.md), and a function that changes specs."""
        self._written = settings
        self._translation = translation
        self._file: Path | None = None

    @classmethod
    def model(cls) -> type[BaseModel]:
        """Return the model of the file's attributes."""
        return model_of_file(Settings)

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """Create the component, with Dagster's templates resolved."""
        written = as_settings(model.model_dump(exclude_unset=True))
        settings: dict[str, Any] = {
            name: _filled_in(context, value) for name, value in written.items()
        }
        attributes = getattr(model, "translation", None)
        if attributes is None:
            return cls(**settings)
        info = TranslatorResolvingInfo(attributes, context, model_key="translation")
        return cls(
            translation=lambda spec, props: info.get_asset_spec(
                spec, {"props": props, "spec": spec}
            ),
            **settings,
        )

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Load the component and remember its file, after whose folder the source is named."""
        component = super().load(attributes, context)
        component._file = context.path / "defs.yaml"  # noqa: SLF001 - of this class
        return component

    def settings(self, project_root: Path) -> Settings:
        """Read and check the settings.

        Raises:
            ConfigurationError: Lists every problem.
        """
        return read_settings(
            self._written,
            name=_name(self._file) if self._file else FIRST,
            project_root=project_root,
            rules=DAGSTER_RULES,
            file=self._file,
        )

    def _read(self, context: dg.ComponentLoadContext) -> "_Read":
        """Read the settings of all sources of the project, and report their mistakes at once."""
        read, problems = [], []
        for one in context.component_tree.get_all_components(of_type=IntercomSource):
            # One in Python has no file until it is built.
            if one._file is not None or "name" in one._written:  # noqa: SLF001 - of this class
                try:
                    read.append((one, one.settings(context.project_root)))
                except ConfigurationError as error:
                    problems.append(str(error))
        if problems:
            raise ConfigurationError("\n".join(problems))
        refuse_shared_tables([settings for _, settings in read])
        return read

    def get_asset_spec(self, props: AssetProps) -> dg.AssetSpec:
        """Return the spec of a table or view: the default one, translated as the file says.

        Override this to change specs in Python: call `super()` and change what it returns.
        """
        return self._translation(props.spec, props) if self._translation else props.spec

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Build the definitions of the source."""
        self._file = self._file or context.path
        return self._built(self.settings(context.project_root), self._read(context))

    def definitions(
        self, project_root: Path | None = None, *, beside: Sequence["IntercomSource"] = ()
    ) -> dg.Definitions:
        """Build the definitions for a project that has no folder of components.

        The source is named `intercom` unless `name` is set, and relative paths of files begin at
        `project_root`, by default the working directory. `beside` are the other sources of the
        project, which matter to union_views; this one may be among them.

        Raises:
            ConfigurationError: Lists every problem of the settings.
        """
        root, others = project_root or Path.cwd(), (one for one in beside if one is not self)
        read = [(one, one.settings(root)) for one in (self, *others)]
        refuse_shared_tables([settings for _, settings in read])
        return self._built(read[0][1], read)

    def _built(self, settings: Settings, read: "_Read") -> dg.Definitions:
        for warning in settings.warnings:
            _logger.warning("%s: %s", settings.name, warning)
        others = [
            SourceSpecs(its, one.get_asset_spec)
            for one, its in read
            if its.name != settings.name and is_united(its, settings)
        ]
        return build_definitions(settings, self.get_asset_spec, others)


_Read: TypeAlias = list[tuple[IntercomSource, Settings]]


def _name(file: Path) -> str:
    is_alone = file.stem in {"defs", "component"}
    return file.parent.name if is_alone else file.stem


def build_definitions(
    settings: Settings,
    translation: Translation = untranslated,
    others: Sequence[SourceSpecs] = (),
) -> dg.Definitions:
    """Build the assets, jobs, schedules, sensors and resources of one source.

    No executor or `io_manager` is set, so that several sources merge into any project. The rows of
    `others` are shown together, with this one's if its settings say so.
    """
    specs = SourceSpecs(settings, translation)
    own = [specs] if settings.union_views else []
    united = sorted([*own, *others], key=lambda one: one.settings.name)
    sync, reconcile, *own_jobs = build_jobs(specs)
    return dg.Definitions(
        assets=[
            *build_assets(specs),
            *build_models(specs, united),
            # Dagster refuses two specs of one key that come from different files.
            *(build_unions(united) if united[:1] == [specs] else ()),
        ],
        jobs=[sync, reconcile, *own_jobs],
        schedules=build_schedules(settings, specs.tables, sync.name, reconcile.name),
        sensors=build_alerts(specs),
        resources={
            connection_key(settings.name): IntercomConnection(
                token_variable=settings.token_variable,
                region=settings.region,
                base_url=settings.base_url,
                api_version=str(settings.api_version),
                rate_limit_share=settings.rate_limit_share,
                page_size=settings.page_size,
            ).of(specs),
            io_manager_key(settings.name): _io_manager(specs),
            options_key(settings.name): SharedSyncConfig.configure_at_launch(),
        },
    )


def _io_manager(specs: SourceSpecs) -> WarehouseIOManager:
    settings = specs.settings
    tables: dict[str, Any] = {
        "table_prefix": settings.table_prefix,
        "excluded_columns": settings.privacy.excluded_columns,
        "fivetran_schema": settings.fivetran_schema or "",
        "renamed": specs.renamed,
        "lock_timeout": settings.lock_timeout.total_seconds(),
    }
    match settings.warehouse:
        case DuckDBSettings() as duckdb:
            return DuckDBIOManager(
                database=str(duckdb.database), warehouse_schema=duckdb.schema, **tables
            )
        case SnowflakeSettings() as snowflake:
            from intercom_assets.orchestration.snowflake import (  # noqa: PLC0415 - takes seconds
                build_io_manager,
            )

            return build_io_manager(snowflake, **tables)
        case _:
            assert_never(settings.warehouse)
