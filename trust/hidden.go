// SPDX-License-Identifier: Apache-2.0

package trust

// hidden holds a value that no printing finds. It is a function because fmt
// prints unexported fields without asking their methods, and for some verbs
// even what a pointer among them points to; of a function it prints the address.
type hidden[T any] func() T

func hide[T any](value T) hidden[T] { return func() T { return value } }
