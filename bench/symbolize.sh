#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Symbolizing beside other tools; bench/symbolize.py says what is measured.
exec "$(dirname "$0")/symbolize.py" "$@"
