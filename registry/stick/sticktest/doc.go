// SPDX-License-Identifier: Apache-2.0

// Package sticktest makes image layouts for tests, of images that nothing can run.
package sticktest
