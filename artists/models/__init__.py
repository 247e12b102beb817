from artists.models.artist import Artist, ArtistMembership, Person
from artists.models.keys import PersonKey, PersonSignature, SigningRequest
from artists.models.user import STAFF_ROLES, Invitation, Role, Standing, User

__all__ = [
    "STAFF_ROLES",
    "Artist",
    "ArtistMembership",
    "Invitation",
    "Person",
    "PersonKey",
    "PersonSignature",
    "Role",
    "SigningRequest",
    "Standing",
    "User",
]
