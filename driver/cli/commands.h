// SPDX-License-Identifier: Apache-2.0
/* cli/commands.h - what decant does, one function a command. */
#pragma once
#include "cli/exit.h"
#include "cli/options.h"

enum cli_exit cli_copy(const struct cli_settings *s);
enum cli_exit cli_inspect(const struct cli_settings *s);
