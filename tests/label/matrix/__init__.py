"""Every address of the site and who may open it, by area. A new address is entered here; test_every_address.py asks."""

from __future__ import annotations

from tests.label.matrix import anr, house, people, studio
from tests.label.matrix.rows import Actions, Pages, Public

PAGES: Pages = house.PAGES | people.PAGES | anr.PAGES | studio.PAGES
ACTIONS: Actions = house.ACTIONS | people.ACTIONS | anr.ACTIONS | studio.ACTIONS
PUBLIC: Public = house.PUBLIC | people.PUBLIC | anr.PUBLIC
ELSEWHERE = {"artists:logout"}  # tests/artists
