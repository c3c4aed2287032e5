// SPDX-License-Identifier: Apache-2.0

// Package watched runs a real controller, with its embedded store, that may be killed
// and started again, and tells what it uses: processor, memory, profiles. It measures
// nothing by itself.
//
//	c, err := watched.New("bin/linkspan", dir)
//	...
//	err = c.Start(ctx)
//	...
//	defer c.Process.Kill()
//	usage, err := c.Usage(ctx)
package watched
