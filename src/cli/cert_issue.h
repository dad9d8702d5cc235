/* kiyome cert issue: makes the documents of outcomes that have none. */
#pragma once

#include "src/cli/command.h"

command_function cert_issue;
