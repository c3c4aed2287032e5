// SPDX-License-Identifier: Apache-2.0

// Package report writes down what was measured, as Markdown for people and as
// JSON with every single trial: on which machine, of which commit, with which
// versions and command line. It measures nothing.
//
//	r := report.New(ctx, "Route set-up", os.Args)
//	r.Cells = append(r.Cells, cell)
//	err := r.Write("bench/results", "setup")
package report
