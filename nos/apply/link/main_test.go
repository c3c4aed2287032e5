// SPDX-License-Identifier: Apache-2.0

package link

import (
	"os"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }
