// SPDX-License-Identifier: Apache-2.0

// Package auditing brings what happens on a switch into its audit log (package audit), and
// shows it through the API: what a commit changed, which calls changed something, who
// asked for what. It decides nothing of its own, and has no secrets written.
//
//	log, err := audit.Open(audit.Options{Dir: dir})
//	manager, err := config.Open(config.Options{Committed: auditing.Committed(log, slog)})
//	mux.Handle(apiv1connect.NewAuditServiceHandler(auditing.NewService(log, may)))
//	handler = auditing.Calls{Log: log, Who: typist}.Of(handler)
package auditing
