"""The roster as a file: a preview line by line, the import, and the export."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access, roster_file, roster_row, services
from artists.forms import RosterFileForm
from artists.models import STAFF_ROLES
from artists.roster_filter import RosterFilter
from artists.views.people import user_of
from artists.views.roster import export_of, form_page
from provenance.errors import UserFault


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Choose a file, read what each line would do, then take the good ones in."""
    user = user_of(request)
    access.require_role(user, *access.ROSTER_WRITERS)
    form = RosterFileForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"columns": roster_row.COLUMNS}
    if request.method == "POST" and form.is_valid():
        really = request.POST.get("sure") == "yes"
        try:
            if file := form.cleaned_data["file"]:
                reading = roster_file.read(file.read(roster_file.LIMIT_BYTES + 1))
            elif form.cleaned_data["text"]:
                reading = roster_file.read_text(
                    form.cleaned_data["text"], encoding=form.cleaned_data["encoding"] or "UTF-8"
                )
            else:
                raise UserFault("Choose a file.")
            outcomes = services.import_rows(reading, actor=user, really=really)
        except UserFault as fault:
            form.add_error("file", fault.message)
        else:
            counts = {
                what: sum(one.what == what for one in outcomes)
                for what in ("new", "contributor", "there", "bad")
            }
            if really:
                messages.success(request, f"{counts['new']} artists are new on the roster.")
            context |= {"reading": reading, "outcomes": outcomes, "counts": counts, "done": really}
            return render(request, "artists/import_report.html", context)
    return form_page(request, "artists/import.html", context, form=form)


@require_safe
def example_file(request: HttpRequest) -> HttpResponse:
    """A file with all columns and two plainly fictional artists."""
    rows = [
        {
            "name": "Nightjar Example (fictional)", "sort_name": "Nightjar Example", "kind": "group",
            "status": "signed", "since": "2026-01-31", "ai_persona": "no", "tags": "ambient; tape",
            "about": "Two people and a tape machine that runs too slow.",
            "contributor": "Mara Example (fictional)", "country": "SE",
        },
        {"name": "Second Example (fictional)", "kind": "person", "status": "prospect"},
    ]  # fmt: skip
    answer = HttpResponse(roster_file.write(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="roster-example.csv"'
    return answer


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """The artists of a filter as CSV. Label staff only; that somebody took it along is an entry."""
    user = user_of(request)
    access.require_role(user, *STAFF_ROLES)
    return export_of(
        list(RosterFilter.parse(QueryDict(request.POST.get("filter", "")[:600])).artists(user)), user=user
    )
