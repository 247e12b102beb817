"""How the studio's things look over the API, by noun."""
