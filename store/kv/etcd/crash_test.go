// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/kvtest"
)

func TestMain(m *testing.M) {
	if err := kvtest.CrashMain(embedAt); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m.Run()
}

func TestCrash(t *testing.T) { kvtest.Crash(t, shortDir(t), embedAt) }

func embedAt(path string) (kv.Store, error) {
	return Embed(context.Background(), ServerConfig{Dir: path})
}
