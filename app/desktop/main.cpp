// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/program.h"

int main(int argc, char** argv) { return ergo::runProgram(argc, argv); }
