"""How the layers compute: attention, minimal filtering."""
