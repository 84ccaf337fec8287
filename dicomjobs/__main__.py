"""`python -m dicomjobs`: the same as the command `dicomjobs`."""

import sys

from dicomjobs.cli.main import main

sys.exit(main())
