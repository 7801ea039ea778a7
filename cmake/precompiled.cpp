// Nothing but the precompiled header of the command.
#include "cmake/precompiled.h"
