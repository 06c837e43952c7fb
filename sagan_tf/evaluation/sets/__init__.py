"""Sets of images that are compared, given in any form."""
