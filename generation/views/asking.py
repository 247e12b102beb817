"""The form of a prompt run, for every mode and engine; a change of either keeps what was typed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from artists.models import User
from artists.views import user_of
from generation import access, asking, reading, services
from generation.asking import Way
from generation.errors import StyleWarned
from generation.models import Brief, Preset, Project, Take, ToolTerms
from generation.modes import AUDIO, MODES, Mode
from generation.run_form import PARAMETER, RunForm, clock
from generation.services.licences import MAY_ACCEPT, Needed, needed
from generation.services.runs import asked as asked_of
from generation.views.common import REFUSED, form_page, show_fault
from provenance.errors import UserFault

#: What the page asks, in one line.
QUESTIONS = {
    "text_to_music": "How many ideas?",
    "unconditional": "Whatever comes",
    "melody_guided": "Which tune?",
    "continuation": "How should it go on?",
    "section_replacement": "Which section?",
    "audio_to_audio": "What should it turn into?",
    "style_reference": "What should it be like?",
    "lyrics_to_song": "What is sung?",
    "parts": "What is missing?",
    "stem_separation": "What is it made of?",
    "sound_effects": "What is to be heard?",
    "audio_to_notes": "What does it play?",
    "chord_progression": "Which chords?",
    "harmonisation": "Which tune?",
    "accompaniment": "Which chords?",
    "notes_continuation": "How should it go on?",
    "variation": "What else could it be?",
    "humanise": "How loose?",
    "notes_to_audio": "Which notes?",
}
#: Fields of the link into the form that go along when the mode or the engine changes.
_CARRIED = ("source", "melody", "reference", "notes", "from", "to", "again")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One line of a choice on the page: a link that works alone, and whether it is the one in force."""

    key: str
    title: str
    url: str
    current: bool
    ready: bool
    sentence: str = ""
    way: Way | None = None
    terms: ToolTerms | None = None
    licences: tuple[Needed, ...] = ()
    absent: tuple[dict[str, Any], ...] = ()
    #: Whether it cannot be used before somebody accepts a licence.
    needs_licence: bool = False
    opens: bool = False


@require_http_methods(["GET", "POST"])
def run_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The form. A POST with `change` asks for nothing: it is the form anew, with all that was typed."""
    user = user_of(request)
    project = access.project_for(user, pk, write=True)
    said = request.POST if request.method == "POST" else request.GET
    again, preset = _again(user, said), _preset(user, project, said)
    before = asked_of(again.run) if again is not None and again.run.words_erased == () else {}
    mode = asking.mode_of(said.get("mode") or getattr(preset, "mode", "") or before.get("mode", ""))
    offers = reading.offers()
    found = asking.ways(offers, mode.key)
    way = asking.chosen(
        found, said.get("engine") or getattr(preset, "engine", "") or before.get("engine", "")
    )
    brief = reading.latest_brief(project)
    context = _choices(request, user, offers, mode, found, way) | {
        "project": project, "brief": brief, "mode": mode, "way": way, "question": QUESTIONS[mode.key], "again": again,
    }  # fmt: skip
    if way is None:
        return render(request, "generation/run_form.html", context)
    things = services.things(project) if mode.given else []
    changing = request.method == "POST" and "change" in request.POST
    sent = request.method == "POST" and not changing
    initial = _typed(said) if changing else _initial(said, mode, brief, things, before)
    if preset is not None:
        initial |= _of_preset(preset)
    notice = _kept(user, project, said, mode, way, initial) if changing else ""
    form = RunForm(request.POST if sent else None, mode=mode, way=way, things=things, initial=initial)
    for role in form.roles:
        form.fields[role].widget.attrs |= _asks_anew(request)
    warnings: Any = ()
    if sent and form.is_valid():
        try:
            address = _ask(project, form, brief, again, user)
        except StyleWarned as fault:
            warnings = fault.warnings
        except UserFault as fault:
            _show(form, fault)
        except ValidationError as fault:
            form.add_error("sweep_values", fault)
        else:
            return redirect(address)
    context |= {
        "warnings": warnings,
        "given_now": _heard(form),
        "presets": [
            (one, services.presets.may_delete(one, user)) for one in _presets(user, project, way, mode)
        ],
        "suggestions": services.suggestions(project, user=user, mode=mode.key)
        if mode.prompt != "none"
        else (),
        "notice": notice,
    }
    response = form_page(request, "generation/run_form.html", form, context)
    if warnings:
        response.status_code = REFUSED
    return response


def _ask(project: Project, form: RunForm, brief: Brief | None, again: Take | None, user: User) -> str:
    """Ask for the run, or for one per value; the address where they are heard."""
    data, way = form.cleaned_data, form.way
    request: dict[str, Any] = {
        "brief": brief,
        "engine": way.engine,
        "mode": form.mode.key,
        "duration_s": data.get("duration_s"),
        "variations": data.get("variations") or 1,
        "section_ms": form.section_ms,
        "inputs": [services.RunGiven(**given) for given in form.givens],
        "targets": data.get("targets", ()),
        "base_seed": data.get("base_seed"),
        "parameters": form.parameters,
        "again_of": again,
    }
    request |= {
        name: data.get(name, "") for name in ("prompt", "negative_prompt", "lyrics", "language", "chords")
    }
    request |= {name: data[name] for name in ("acknowledge_warnings", "material", "overnight")}
    if form.sweep is not None:
        parameter, values = form.sweep
        made = services.request_sweep(project, parameter=parameter, values=values, **request, actor=user)
        numbers = [
            ("run", number) for number in made.runs.order_by("number").values_list("number", flat=True)
        ]
        return f"{reverse('generation:compare', args=[project.pk])}?{urlencode(numbers)}"
    run = services.request_run(project, **request, actor=user)
    return reverse("generation:run", args=[run.pk])


def _show(form: RunForm, fault: UserFault) -> None:
    """A service names its arguments; on the page, what is given stands under its role."""
    field = getattr(fault, "field", "")
    ours = {
        "inputs": next(iter(form.roles), ""),
        "section": "from_ms",
        "section_ms": "from_ms",
        "values": "sweep_values",
    }
    where = ours.get(field, field)
    if where in form.fields:
        form.add_error(where, fault.message)
    else:
        show_fault(form, fault)


# -- what the fields hold at first -------------------------------------------------------------------------------------


def _typed(said: QueryDict) -> dict[str, Any]:
    return {name: said.getlist(name) if name == "targets" else said.get(name) for name in said}


def _initial(
    said: QueryDict, mode: Mode, brief: Brief | None, things: Any, before: dict[str, Any]
) -> dict[str, Any]:
    """What was asked before where it is asked again; then the link's words; the brief's prompt where there is none."""
    found: dict[str, Any] = {"prompt": brief.words.get("prompt", "") if brief else ""}
    if before:
        found |= {name: before[name] for name in ("language", "targets", "variations") if before[name]}
        found |= {name: before[name] for name in ("prompt", "negative_prompt", "lyrics", "chords")}
        found |= {PARAMETER + name: value for name, value in before["parameters"].items()}
        if before["duration_s"]:
            found["duration_s"] = before["duration_s"]
        for given in before["inputs"]:
            found |= {given.role: f"{given.ref}|{given.kind}"} | _moments(given.from_ms, given.to_ms)
        found |= _moments(*(before["section_ms"] or (None, None)))
    kinds = {thing.ref: thing.kinds for thing in things}
    for given in mode.given:
        ref, _, kind = said.get(given.role, "").partition("|")
        fits = [one for one in given.kinds if one in kinds.get(ref, ())]
        if fits:
            found[given.role] = f"{ref}|{kind if kind in fits else fits[0]}"
    return found | _moments(_milliseconds(said.get("from", "")), _milliseconds(said.get("to", "")))


def _moments(start: int | None, end: int | None) -> dict[str, str]:
    return {name: clock(value) for name, value in (("from_ms", start), ("to_ms", end)) if value is not None}


def _milliseconds(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else None


def _again(user: User, said: QueryDict) -> Take | None:
    """The take that is asked for again; a stranger's is none."""
    return access.take_for(user, said.get("again", "")) if said.get("again") else None


def _asks_anew(request: HttpRequest) -> dict[str, str]:
    """A choice of what is given shows it at once: its waveform, its length."""
    return {
        "hx-post": request.path, "hx-trigger": "change", "hx-vals": '{"change": "given"}', "hx-include": "#run-form",
        "hx-target": "#run-givens", "hx-select": "#run-givens", "hx-swap": "outerHTML",
    }  # fmt: skip


def _heard(form: RunForm) -> list[dict[str, Any]]:
    """The chosen things that can be heard, with their addresses."""
    found = []
    for role, thing in form.given_now:
        kind, _, key = thing.ref.partition(":")
        if AUDIO in thing.kinds:
            found.append(
                {
                    "role": role,
                    "thing": thing,
                    "audio": reverse(f"generation:{kind}-audio", args=[key]),
                    "peaks": reverse(f"generation:{kind}-peaks", args=[key]),
                }
            )
    return found


# -- presets and one's own words ---------------------------------------------------------------------------------------


def _presets(user: User, project: Project, way: Way, mode: Mode) -> Any:
    return services.presets_of(user, project=project, engine=way.engine, mode=mode.key)


def _preset(user: User, project: Project, said: QueryDict) -> Preset | None:
    try:
        return services.presets_of(user, project=project).filter(pk=said.get("preset", "")).first()
    except ValidationError:  # not a UUID at all
        return None


def _of_preset(preset: Preset) -> dict[str, Any]:
    found: dict[str, Any] = {PARAMETER + name: value for name, value in preset.parameters.items()}
    found |= {"targets": preset.targets, "language": preset.language}
    found |= {name: value for name in ("duration_s", "variations") if (value := getattr(preset, name))}
    return found


def _kept(
    user: User, project: Project, said: QueryDict, mode: Mode, way: Way, initial: dict[str, Any]
) -> str:
    """Do what the change asks for beside changing the form; the sentence that says so."""
    what, _, key = said.get("change", "").partition(":")
    try:
        match what:
            case "suggest":
                own = services.suggestions(project, user=user, mode=mode.key)
                initial["prompt"] = next(
                    (one.prompt for one in own if str(one.run.pk) == key), initial.get("prompt", "")
                )
            case "forget":
                row = services.presets_of(user, project=project).filter(pk=uuid.UUID(key)).first()
                if row is not None and services.presets.may_delete(row, user):
                    services.delete_preset(row, actor=user)
                    return f"The preset “{row.name}” is gone."
            case "keep":
                return _keep(user, project, said, mode, way)
    except UserFault as fault:
        return fault.message
    except ValueError:  # not a UUID at all
        pass
    return ""


def _keep(user: User, project: Project, said: QueryDict, mode: Mode, way: Way) -> str:
    form = RunForm(said, mode=mode, way=way, things=(), initial={})
    form.full_clean()  # what else is open in the form is no matter here
    data = form.cleaned_data
    row = services.save_preset(
        name=said.get("preset_name", ""),
        engine=way.engine,
        mode=mode.key,
        parameters=form.parameters,
        targets=data.get("targets", ()),
        language=data.get("language", ""),
        duration_s=data.get("duration_s"),
        variations=data.get("variations"),
        project=project if said.get("preset_shared") else None,
        actor=user,
    )
    return f"Kept as “{row.name}”."


# -- modes and engines -------------------------------------------------------------------------------------------------


def _choices(
    request: HttpRequest, user: User, offers: Any, mode: Mode, found: list[Way], way: Way | None
) -> dict[str, Any]:
    """The modes in their groups and the engines of this one, each with the address that chooses it."""
    said = request.POST if request.method == "POST" else request.GET
    carried = {name: said[name] for name in _CARRIED if said.get(name)}
    can = asking.ready(offers)

    def link(**chosen: str) -> str:
        return f"{request.path}?{urlencode(carried | chosen)}"

    groups = [
        (
            title,
            [
                Choice(
                    key=key, title=MODES[key].title, sentence=MODES[key].sentence, url=link(mode=key),
                    current=key == mode.key, ready=key in can,
                )
                for key in keys
            ],
        )
        for title, keys in asking.GROUPS
    ]  # fmt: skip
    licences = {one.tool.key: one for one in needed()}
    engines: list[Choice] = []
    for one in found:
        keys = dict.fromkeys([one.tool_key, *(model["tool"] for model in one.models)])
        open_keys = {key for key in keys if key in licences and not licences[key].holds}
        used = {one.tool_key, *(model["tool"] for model in one.models if model["present"])}
        engines.append(
            Choice(
                key=one.engine, title=one.title, url=link(mode=mode.key, engine=one.engine),
                current=way is not None and one.engine == way.engine, ready=one.available, way=one,
                terms=_terms(one.tool_key),
                licences=tuple(licences[key] for key in keys if key in open_keys), needs_licence=bool(open_keys & used),
                absent=tuple(model for model in one.models if not model["present"]), opens=way is None and not engines,
            )
        )  # fmt: skip
    return {"groups": groups, "engines": engines, "offers": offers, "may_accept": user.has_role(*MAY_ACCEPT)}


def _terms(tool_key: str) -> ToolTerms | None:
    """The terms in force of a tool, None where the catalogue has none."""
    return ToolTerms.objects.select_related("tool").filter(tool__key=tool_key).order_by("-version").first()
