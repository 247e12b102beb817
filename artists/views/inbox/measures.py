"""What was measured, found and scored, in the words that the inbox shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from artists import anr_words
from artists.models import Score, Submission, User
from artists.services.anr_rules import own_criteria


@dataclass(frozen=True)
class Ear:
    """One criterion with one's own score, the team's mean of the others, and what was measured."""

    key: str
    title: str
    hint: str
    mine: int
    team: float | None
    measured: str
    choices: tuple[int, ...] = (1, 2, 3, 4, 5)

    @property
    def team_words(self) -> str:
        return f"{self.team:.1f}" if self.team is not None else "–"


def ears(user: User, submission: Submission) -> list[Ear]:
    """The scores: one's own, and the mean of the others once one has scored oneself."""
    rows = list(Score.objects.filter(submission=submission))
    mine = next((row for row in rows if row.author_id == user.pk), None)
    others = [row.values for row in rows if row.author_id != user.pk] if mine else []
    first = submission.files.first()
    report = first.report if first else {}
    found = []
    for word in (*anr_words.criteria(), *own_criteria()):
        values = [one[word.key] for one in others if word.key in one]
        found.append(
            Ear(
                word.key, word.title, word.hint, (mine.values if mine else {}).get(word.key, 0),
                sum(values) / len(values) if values else None, measured(word.measured, report),
            )
        )  # fmt: skip
    return found


def measured(name: str, report: dict[str, Any]) -> str:
    """The figure beside a criterion; empty where nothing says anything about it."""
    match name:
        case "repetition" if "longest_silence_ms" in report:
            silence = report["longest_silence_ms"] / 1000
            return f"{silence:.1f} s silent" if silence >= 2 else "no gaps"
        case "pulse" if "tempo_milli_bpm" in report:
            return f"{report['tempo_milli_bpm'] / 1000:.0f} bpm"
        case "range" if "loudness_range_milli" in report:
            return f"{report['loudness_range_milli'] / 1000:.1f} LU range"
        case "spectrum" if "spectral_centroid_hz" in report:
            return f"centre {report['spectral_centroid_hz'] / 1000:.1f} kHz"
        case "mono" if "mono_loss_millibel" in report:
            return f"mono −{report['mono_loss_millibel'] / 100:.1f} dB"
    return ""


def facts(report: dict[str, Any]) -> list[str]:
    """The line under a waveform."""
    said = []
    if "lufs_milli" in report:
        said.append(f"{report['lufs_milli'] / 1000:.1f} LUFS".replace("-", "−"))
    if "true_peak_millibel" in report:
        said.append(f"{report['true_peak_millibel'] / 100:.1f} dBTP".replace("-", "−"))
    if report.get("key"):
        said.append(str(report["key"]))
    if "tempo_milli_bpm" in report:
        said.append(f"{report['tempo_milli_bpm'] / 1000:.1f} bpm")
    if "bandwidth_hz" in report:
        said.append(f"up to {report['bandwidth_hz'] / 1000:.1f} kHz")
    return said


def hints(report: dict[str, Any]) -> list[str]:
    """What is wrong with a file, in plain words."""
    found = []
    if report.get("clipped_samples", 0) > 20:
        found.append(f"clipped, {report['clipped_samples']} samples")
    if report.get("true_peak_millibel", -100) > 0:
        found.append("peaks above full scale")
    if report.get("lossy_wall"):
        found.append(f"ends at {report.get('bandwidth_hz', 0) / 1000:.1f} kHz as lossy copies do")
    if report.get("silence_permille", 0) > 200:
        found.append(f"{report['silence_permille'] / 10:.0f} % silence")
    return found


@dataclass(frozen=True)
class Match:
    """Something that sounds the same; `number` is a submission's, None for what stands in the catalogue."""

    says: str
    alike: str
    number: int | None = None
    pk: str = ""
    stage: str = ""


def same_sound(matches: list[dict[str, Any]]) -> list[Match]:
    """The earlier ones with how far they went: the same sound from somebody else is a question of whose it is."""
    rows = {
        str(row.pk): row
        for row in Submission.objects.filter(
            pk__in=[one["id"] for one in matches if one["what"] == "submission"]
        )
    }
    found = []
    for one in matches:
        alike = f"{one['alike_permille'] / 10:.0f} % alike"
        if one["what"] == "submission":
            row = rows.get(one["id"])
            found.append(
                Match(
                    "sounds like", alike, one["number"], one["id"],
                    row.get_stage_display().lower() if row else "",
                )
            )  # fmt: skip
        else:
            found.append(
                Match(f"sounds like {_CATALOGUE.get(one['kind'], 'something of the catalogue')}", alike)
            )
    return found


#: Kinds of entries by which sound came into the house.
_CATALOGUE: Final = {
    "upload.imported": "a recording of the studio",
    "take.generated": "a take of the studio",
    "render.finished": "a render of the studio",
    "master.finished": "a master of the catalogue",
}


def credential_of(c2pa: dict[str, Any], knows: bool) -> str:
    """Blind, only whether there is one: it names programs and people."""
    if not c2pa:
        return "none"
    if not knows:
        return "found"
    said = {
        "trusted": "intact, trusted signer",
        "valid": "intact",
        "broken": "broken",
        "invalid": "not in order",
    }
    made = (
        ", says a model made it"
        if c2pa.get("generated")
        else ", says a model had a part"
        if c2pa.get("contains_generated")
        else ""
    )
    return f"{said.get(str(c2pa.get('state')), 'found')}{made}"
