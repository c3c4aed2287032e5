// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/linkspan/linkspan/bench/pairs"

func main() { pairs.Main("forward", new(config)) }
