// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// TestMain gives the tests namespaces of their own, for the switch that one of
// them starts.
func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }
