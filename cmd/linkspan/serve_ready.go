// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
)

// isReady says in the log, and to systemd if it started this process, that a
// role does its work from now on (sd_notify(3)): dockerd, ordered behind it,
// then finds its plugin.
func isReady(log *slog.Logger, where ...any) {
	log.Info("ready", where...)
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd does not hear that this is ready", "error", err)
	}
}
