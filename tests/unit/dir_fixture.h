// SPDX-License-Identifier: Apache-2.0
/* unit/dir_fixture.h - a directory for one test. */
#pragma once

#define FIXTURE_DIR 64

/* A new directory below /tmp. */
void fixture_dir(char ret[FIXTURE_DIR]);
void fixture_remove(const char *dir);
