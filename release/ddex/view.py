"""Reading access to a message: resources, releases and deals by the words that the rules use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from lxml import etree

RESOURCE_TAGS: Final = ("SoundRecording", "Video", "Image", "Text", "SheetMusic", "Software")


def text(element: etree._Element, path: str) -> str:
    """The stripped text of the first match, or ""."""
    return (element.findtext(path) or "").strip()


def texts(element: etree._Element, path: str) -> list[str]:
    """The stripped texts of all matches, empty ones left out."""
    return [value for found in element.iterfind(path) if (value := (found.text or "").strip())]


def where(element: etree._Element) -> str:
    """XPath of an element, for findings."""
    return str(element.getroottree().getpath(element))


class MessageView:
    """One parsed NewReleaseMessage; children of ERN messages carry no namespace."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root

    @property
    def profile(self) -> str:
        return str(self.root.get("ReleaseProfileVersionId") or "")

    @cached_property
    def resources(self) -> list[etree._Element]:
        return [item for tag in RESOURCE_TAGS for item in self.root.iterfind(f"ResourceList/{tag}")]

    @cached_property
    def recordings(self) -> list[etree._Element]:
        return self.root.findall("ResourceList/SoundRecording")

    @cached_property
    def images(self) -> list[etree._Element]:
        return self.root.findall("ResourceList/Image")

    @cached_property
    def main_release(self) -> etree._Element | None:
        return self.root.find("ReleaseList/Release")

    @cached_property
    def track_releases(self) -> list[etree._Element]:
        return self.root.findall("ReleaseList/TrackRelease")

    @cached_property
    def releases(self) -> list[etree._Element]:
        return ([self.main_release] if self.main_release is not None else []) + self.track_releases

    @cached_property
    def terms(self) -> list[etree._Element]:
        return self.root.findall("DealList/ReleaseDeal/Deal/DealTerms")

    def parties(self) -> Iterator[tuple[str, etree._Element]]:
        for party in self.root.iterfind("PartyList/Party"):
            yield text(party, "PartyReference"), party

    @cached_property
    def party_names(self) -> dict[str, str]:
        return {
            reference: text(party, "PartyName/FullName") or reference for reference, party in self.parties()
        }


def name_of(resource: etree._Element) -> str:
    """A resource or release as a person would call it: its title and reference."""
    reference = text(resource, "ResourceReference") or text(resource, "ReleaseReference")
    title = text(resource, "DisplayTitleText") or text(resource, "DisplayTitle/TitleText")
    kind = {"SoundRecording": "recording", "Image": "image", "TrackRelease": "track release"}.get(
        str(resource.tag), str(resource.tag).lower()
    )
    return f"{kind} {reference} {title!r}" if title else f"{kind} {reference}"
