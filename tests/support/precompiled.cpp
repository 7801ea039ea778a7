// Nothing but the precompiled header of the tests.
#include "tests/support/catch.h"
