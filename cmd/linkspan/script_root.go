// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

func (a *app) scriptRoot() *cobra.Command {
	c := noun("root", "root documents: whose signatures a fleet trusts", a.scriptRootCreate(), a.scriptRootRotate())
	c.Long = `A root document says whose signatures a fleet trusts: some keys for scripts, and some for the next
root document, each with how many of them must sign together. Its first version comes to a switch when it is
enrolled; each later one is signed by the keys of the version before it and by its own, so that keys
change without anybody visiting a switch.`
	return c
}

// roleFlags are the keys of a role, as files of public keys.
type roleFlags struct {
	names     []string
	threshold int
}

func (f *roleFlags) add(c *cobra.Command, name, what string) {
	c.Flags().StringArrayVar(&f.names, name+"-key", nil, "a public key (`file`) "+what+"; may be repeated")
	c.Flags().IntVar(&f.threshold, name+"-threshold", 1, "how many of these must sign together")
	_ = c.MarkFlagFilename(name+"-key", "pub")
}

// role reads the keys; without any the role is other.
func (f *roleFlags) role(other sign.Role) (sign.Role, error) {
	if len(f.names) == 0 {
		return other, nil
	}
	r := sign.Role{Threshold: f.threshold}
	for _, name := range f.names {
		key, err := readPublicKey(name)
		if err != nil {
			return r, err
		}
		r.Keys = append(r.Keys, key)
	}
	return r, nil
}

func (a *app) scriptRootCreate() *cobra.Command {
	var roots, scripts roleFlags
	var fleet, file string
	var keys []string
	c := &cobra.Command{
		Use: "create --fleet NAME --root-key FILE --key FILE --file FILE", Short: "make the first root document of a fleet", Args: exactly(0),
		Long:    "Make the first root document of a fleet. Keys for scripts that are not named are those for roots.",
		Example: "  linkspan script root create --fleet home --root-key ann.pub --key ann.key --file root-1.json",
		RunE: func(*cobra.Command, []string) error {
			root := sign.Root{Type: sign.RootType, Fleet: fleet, Version: 1, Issued: time.Now().UTC().Truncate(time.Second)}
			var err error
			if root.Root, err = roots.role(sign.Role{}); err != nil {
				return err
			}
			if root.Scripts, err = scripts.role(root.Root); err != nil {
				return err
			}
			return a.writeRoot(&root, nil, keys, file)
		},
	}
	c.Flags().StringVar(&fleet, "fleet", "", "`name` of the fleet, for ever")
	a.rootFlags(c, &roots, &scripts, &keys, &file)
	_ = c.MarkFlagRequired("fleet")
	_ = c.MarkFlagRequired("root-key")
	return c
}

func (a *app) rootFlags(c *cobra.Command, roots, scripts *roleFlags, keys *[]string, file *string) {
	roots.add(c, "root", "that signs root documents")
	scripts.add(c, "script", "that signs scripts")
	c.Flags().StringArrayVar(keys, "key", nil, "sign with this key (`file`); may be repeated")
	c.Flags().StringVar(file, "file", "", "write to this `file`")
	_ = c.MarkFlagRequired("key")
	_ = c.MarkFlagRequired("file")
	_ = c.MarkFlagFilename("key", "key")
	_ = c.MarkFlagFilename("file", "json")
}

func (a *app) scriptRootRotate() *cobra.Command {
	var roots, scripts roleFlags
	var file string
	var keys []string
	c := &cobra.Command{
		Use: "rotate ROOT --key FILE --file FILE", Short: "make the root document that follows one", Args: exactly(1),
		Long: `Make the root document that follows one, with other keys. Enough keys of both versions must sign it; if
they are with several people, each adds a signature with "linkspan script sign --add".`,
		Example: "  linkspan script root rotate root-1.json --root-key ben.pub --script-key ben.pub --key ann.key --key ben.key --file root-2.json",
		RunE: func(_ *cobra.Command, args []string) error {
			before, _, err := readRoot(args[0])
			if err != nil {
				return err
			}
			next := *before
			next.Version, next.Issued = before.Version+1, time.Now().UTC().Truncate(time.Second)
			if next.Root, err = roots.role(before.Root); err != nil {
				return err
			}
			if next.Scripts, err = scripts.role(before.Scripts); err != nil {
				return err
			}
			return a.writeRoot(&next, before, keys, file)
		},
	}
	a.rootFlags(c, &roots, &scripts, &keys, &file)
	c.ValidArgsFunction = envelopeFiles
	return c
}

// writeRoot signs a root document, and says whether more signatures are needed.
func (a *app) writeRoot(root, before *sign.Root, names []string, file string) error {
	keys, err := readKeys(names)
	if err != nil {
		return err
	}
	envelope, err := sign.SealRoot(root, keys...)
	if err != nil {
		return err
	}
	if err := writeNew(file, envelope); err != nil {
		return err
	}
	if before == nil {
		_, err = sign.FirstRoot(envelope)
	} else {
		_, err = before.Next(envelope)
	}
	if errors.Is(err, sign.ErrKeys) {
		fmt.Fprintf(a.err, "linkspan: more signatures are needed: linkspan script sign --add %s --key FILE\n", file)
		return nil
	}
	if err != nil {
		return &linkspan.Error{Code: linkspan.CodeOf(err), Message: file + " is of no use", Err: err}
	}
	_, payload, _, _ := sign.Peek(envelope) // it was just made
	fmt.Fprintln(a.out, sign.Digest(payload))
	return nil
}
