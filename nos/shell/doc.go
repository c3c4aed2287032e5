// SPDX-License-Identifier: Apache-2.0

// Package shell is the command line of a switch, as people log in to it: operational and
// configuration modes, `?` and Tab, abbreviations, pipes and pages, at a terminal or of
// a text with commands apart by semicolons. What can be configured it learns from the
// schema, and what can be shown from the switch: neither has a list here.
//
// Everything that it does is a call of the switch's API, so that it can be done without
// it. It reads no terminal of its own and knows no users: who has opened the
// connection behind its clients is who it is for.
//
//	s, err := shell.New(ctx, shell.Options{Config: client.Config, Operate: client.Operate})
//	defer s.Close()
//	err = s.Run(ctx, "configure; set system hostname edge1; commit comment why", os.Stdout)
//	err = s.Interact(ctx, shell.NewConsole(channel, 80, 24))
package shell
