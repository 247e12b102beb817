"""The roster over the API: the same services and the same access functions as the pages."""
