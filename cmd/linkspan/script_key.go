// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/sign"
)

// maxKey is the greatest size of a file with a key, in bytes.
const maxKey = 16 << 10

func (a *app) scriptKey() *cobra.Command {
	return noun("key", "keys that sign scripts", a.scriptKeyCreate(), a.scriptKeyShow())
}

func (a *app) scriptKeyCreate() *cobra.Command {
	return &cobra.Command{
		Use: "create NAME", Short: "make a key", Args: exactly(1),
		Long: `Make an Ed25519 key: NAME.key, which only its owner may read, and NAME.pub, its public half. Whoever has
NAME.key can sign; it is not encrypted. Its id is printed.`,
		Example: "  linkspan script key create ann",
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := sign.NewKey(rand.Reader)
			if err != nil {
				return err
			}
			private, err := key.Encode()
			if err != nil {
				return err
			}
			public, err := key.Public().Encode()
			if err != nil {
				return err
			}
			if err := trust.CreatePrivate(args[0]+".key", private); err != nil {
				return err
			}
			if err := trust.CreatePublic(args[0]+".pub", public); err != nil {
				return err
			}
			fmt.Fprintln(a.out, key)
			return nil
		},
	}
}

func (a *app) scriptKeyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show FILE...", Short: "print the ids of keys, public or not", Args: atLeast(1), Example: "  linkspan script key show ann.pub",
		RunE: func(_ *cobra.Command, args []string) error {
			for _, name := range args {
				public, err := readPublicKey(name)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, public)
			}
			return nil
		},
	}
}

// readKey reads a key that signs.
func readKey(name string) (*sign.Key, error) {
	text, err := trust.ReadPrivate(name)
	if err != nil {
		return nil, err
	}
	key, err := sign.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

func readKeys(names []string) ([]*sign.Key, error) {
	keys := make([]*sign.Key, 0, len(names))
	for _, name := range names {
		key, err := readKey(name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// readPublicKey reads a public key, or the public half of a key.
func readPublicKey(name string) (sign.PublicKey, error) {
	text, err := readBounded(name, maxKey)
	if err != nil {
		return sign.PublicKey{}, err
	}
	if key, err := sign.ParseKey(text); err == nil {
		return key.Public(), nil
	}
	public, err := sign.ParsePublicKey(text)
	if err != nil {
		return public, fmt.Errorf("%s: %w", name, err)
	}
	return public, nil
}
