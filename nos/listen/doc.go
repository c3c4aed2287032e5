// SPDX-License-Identifier: Apache-2.0

// Package listen is where a switch listens for those who manage it: at its management
// addresses (/system/management) once it has some, else at all that it has. It follows the
// configuration; connections that are there stay when it changes, so that whoever changed it can
// confirm.
//
//	l, err := listen.Open(ctx, listen.Options{Address: ":2222", Running: manager.Running})
//	err = server.Serve(ctx, l)
package listen
