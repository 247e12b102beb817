"""What can be done: verb functions with a required `actor`. Pages, API and tasks all call these."""

from __future__ import annotations

from generation.errors import BadValue, NotPossible
from generation.prompting import BriefValues, StyleWarning, build_prompt, style_warnings
from generation.services.arrangements import create_arrangement, head_of, name_version, save_version
from generation.services.briefs import brief_values, save_brief
from generation.services.catalogue import (
    Difference,
    TermsValues,
    add_tool,
    answer_question,
    differences,
    doubtful_first,
    external_terms,
    record_terms,
    refresh_offers,
    save_offers,
    seed_catalogue,
    terms_in_force,
    tools_with_terms,
)
from generation.services.givens import RunGiven, Thing, thing_of, things
from generation.services.licences import (
    accept_licence,
    acceptance_of,
    accepted,
    require_accepted,
    withdraw_licence,
)
from generation.services.masters import (
    TermsUse,
    lineage_terms,
    request_master,
    request_render,
    terms_by_master,
    upload_allowance,
)
from generation.services.material import Material, materials
from generation.services.methods import (
    checkable,
    kinds_of,
    mark_material,
    method_for,
    newest_check,
    request_check,
    standings,
)
from generation.services.presets import (
    Suggestion,
    delete_preset,
    presets_of,
    save_preset,
    suggestions,
)
from generation.services.projects import add_member, create_project, remove_member
from generation.services.queueing import (
    MINUTES_OF_A_DAY,
    MOST_JOBS,
    leave_job_for_night,
    lift_job,
    pause_job,
    put_job_first,
    resume_job,
    set_quota,
    start_job_now,
)
from generation.services.replays import request_replay
from generation.services.resting import rest_upload
from generation.services.runs import (
    MAX_VARIATIONS,
    cancel_job,
    request_again,
    request_run,
    request_sweep,
    retry_job,
)
from generation.services.sounds import Sounds, sounds_of
from generation.services.takes import heard_percent, record_heard, reject_take, reset_take, shortlist_take
from generation.services.uploads import import_upload, state_terms

__all__ = [
    "MAX_VARIATIONS",
    "MINUTES_OF_A_DAY",
    "MOST_JOBS",
    "BadValue",
    "BriefValues",
    "Difference",
    "Material",
    "NotPossible",
    "RunGiven",
    "Sounds",
    "StyleWarning",
    "Suggestion",
    "TermsUse",
    "TermsValues",
    "Thing",
    "accept_licence",
    "acceptance_of",
    "accepted",
    "add_member",
    "add_tool",
    "answer_question",
    "brief_values",
    "build_prompt",
    "cancel_job",
    "checkable",
    "create_arrangement",
    "create_project",
    "delete_preset",
    "differences",
    "doubtful_first",
    "external_terms",
    "head_of",
    "heard_percent",
    "import_upload",
    "kinds_of",
    "leave_job_for_night",
    "lift_job",
    "lineage_terms",
    "mark_material",
    "materials",
    "method_for",
    "name_version",
    "newest_check",
    "pause_job",
    "presets_of",
    "put_job_first",
    "record_heard",
    "record_terms",
    "refresh_offers",
    "reject_take",
    "remove_member",
    "request_again",
    "request_check",
    "request_master",
    "request_render",
    "request_replay",
    "request_run",
    "request_sweep",
    "require_accepted",
    "reset_take",
    "rest_upload",
    "resume_job",
    "retry_job",
    "save_brief",
    "save_offers",
    "save_preset",
    "save_version",
    "seed_catalogue",
    "set_quota",
    "shortlist_take",
    "sounds_of",
    "standings",
    "start_job_now",
    "state_terms",
    "style_warnings",
    "suggestions",
    "terms_by_master",
    "terms_in_force",
    "thing_of",
    "things",
    "tools_with_terms",
    "upload_allowance",
    "withdraw_licence",
]
