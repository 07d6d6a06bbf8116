"""`python -m anyunix`: the command, for those who have it in no PATH."""

import sys

from anyunix.cli import main

sys.exit(main())
