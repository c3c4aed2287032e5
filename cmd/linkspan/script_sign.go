// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/stick"
	"github.com/linkspan/linkspan/trust/sign"
)

// signFlags are what binds a script to switches, time and order.
type signFlags struct {
	root, previous, file, add string
	keys, targets             []string
	images, layouts           []string
	epoch, serial             uint64
	expires                   time.Duration
}

func (a *app) scriptSign() *cobra.Command {
	var f signFlags
	c := &cobra.Command{
		Use: "sign FILE --root ROOT --key FILE --serial N --file FILE", Short: "sign a script for switches", Args: oneUnless(&f.add),
		Long: `Sign a script: bind it to switches, to an order and to a time. Each switch accepts only a serial above the
highest that it ever accepted, and one that follows directly only with the script before it as --previous.
To go back to old content, sign it again with a new serial.

Switches that a script names by label or place are written with --target. Images without a digest
are looked for in OCI image layouts (--images), or named (--image).

Where several must sign, each adds a signature to what the first one wrote (--add), which is also
the way for root documents.`,
		Example: `  linkspan script sign branch.yaml --root root-1.json --key ann.key --serial 1 --images ./out --file branch-1.json
  linkspan script sign branch.yaml --root root-1.json --key ann.key --serial 2 --previous branch-1.json --file branch-2.json
  linkspan script sign --add branch-2.json --key ben.key`,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.add != "" {
				return a.cosign(&f)
			}
			return a.signScript(args[0], &f)
		},
	}
	f.flags(c)
	c.ValidArgsFunction = scriptFiles
	return c
}

// oneUnless wants one argument, or none where a flag says something.
func oneUnless(flag *string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if *flag != "" {
			return exactly(0)(cmd, args)
		}
		return exactly(1)(cmd, args)
	}
}

func (f *signFlags) flags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.root, "root", "", "root document of the fleet (`file`)")
	flags.StringArrayVar(&f.keys, "key", nil, "sign with this key (`file`); may be repeated")
	flags.StringVar(&f.file, "file", "", "write to this `file`")
	flags.StringVar(&f.add, "add", "", "add signatures to this `file`")
	flags.StringArrayVar(&f.targets, "target", nil, "`name` of a switch that it is for, beside those that the script names; may be repeated")
	flags.StringArrayVar(&f.images, "image", nil, "digest of an image, as `REFERENCE=DIGEST`; may be repeated")
	flags.StringArrayVar(&f.layouts, "images", nil, "`folder` with an OCI image layout to find digests in; may be repeated")
	flags.Uint64Var(&f.epoch, "epoch", 1, "epoch of the order; a new one begins when the serials were lost")
	flags.Uint64Var(&f.serial, "serial", 0, "`number` in the epoch")
	flags.StringVar(&f.previous, "previous", "", "the signed script before (`file`)")
	flags.DurationVar(&f.expires, "expires", 30*24*time.Hour, "how long it may be carried out, from now on")
	_ = c.MarkFlagRequired("key")
	_ = c.MarkFlagFilename("root", "json")
	_ = c.MarkFlagFilename("previous", "json")
	_ = c.MarkFlagFilename("add", "json")
	_ = c.MarkFlagFilename("key", "key")
	_ = c.MarkFlagDirname("images")
	c.MarkFlagsMutuallyExclusive("add", "file")
}

func (a *app) signScript(name string, f *signFlags) error {
	if f.root == "" || f.file == "" || f.serial == 0 {
		return usageError{errors.New("--root, --serial and --file are needed")}
	}
	root, _, err := readRoot(f.root)
	if err != nil {
		return err
	}
	keys, err := readKeys(f.keys)
	if err != nil {
		return err
	}
	base, err := schemaWith(nil)
	if err != nil {
		return err
	}
	sc, err := a.readScript(name, a.scriptChecks(name, base, false)...)
	if err != nil {
		return a.mistakes(err, "nothing was signed")
	}
	s, err := f.statement(sc, root.Fleet, time.Now().UTC().Truncate(time.Second))
	if err != nil {
		return err
	}
	envelope, err := sign.SealStatement(s, keys...)
	if err != nil {
		return err
	}
	if err := writeNew(f.file, envelope); err != nil {
		return err
	}
	_, digest, err := root.Statement(envelope)
	if errors.Is(err, sign.ErrKeys) {
		fmt.Fprintf(a.err, "linkspan: the fleet does not trust these signatures yet: linkspan script sign --add %s --key FILE\n", f.file)
		_, digest, err = sign.PeekStatement(envelope)
	}
	if err == nil {
		fmt.Fprintln(a.out, digest)
	}
	return err
}

// statement binds a script.
func (f *signFlags) statement(sc *linkspan.Script, fleet string, now time.Time) (*linkspan.Statement, error) {
	s := &linkspan.Statement{
		Type: linkspan.StatementType, Fleet: fleet, Epoch: f.epoch, Serial: f.serial, Issued: now, Expires: now.Add(f.expires),
		Targets: slices.Concat(sc.Targets.Names, f.targets), Images: map[string]string{}, Script: *sc,
	}
	slices.Sort(s.Targets)
	s.Targets = slices.Compact(s.Targets)
	if len(s.Targets) == 0 {
		return nil, usageError{errors.New("the script names switches by label or place: name them with --target")}
	}
	if f.previous != "" {
		text, err := readBounded(f.previous, sign.MaxEnvelope)
		if err != nil {
			return nil, err
		}
		if _, s.Previous, err = sign.PeekStatement(text); err != nil {
			return nil, fmt.Errorf("%s: %w", f.previous, err)
		}
	}
	return s, f.digests(s)
}

// digests finds the digest of each image.
func (f *signFlags) digests(s *linkspan.Statement) error {
	given := map[string]string{}
	for _, image := range f.images {
		i := strings.LastIndex(image, "=")
		if i < 0 {
			return usageError{fmt.Errorf("--image %s: write it as REFERENCE=DIGEST", image)}
		}
		given[image[:i]] = image[i+1:]
	}
	for _, reference := range s.Script.Images() {
		r, err := linkspan.ParseImageReference(reference)
		if err != nil {
			return err
		}
		digest := given[reference]
		if digest == "" {
			digest = r.Digest
		}
		if digest == "" {
			if digest, err = stick.Layouts(f.layouts).Resolve(reference); err != nil {
				return err
			}
		}
		s.Images[reference] = digest
	}
	return nil
}

// cosign adds signatures to a file, which is replaced as a whole.
func (a *app) cosign(f *signFlags) error {
	text, err := readBounded(f.add, sign.MaxEnvelope)
	if err != nil {
		return err
	}
	keys, err := readKeys(f.keys)
	if err != nil {
		return err
	}
	if text, err = sign.Cosign(text, keys...); err != nil {
		return fmt.Errorf("%s: %w", f.add, err)
	}
	made, err := os.CreateTemp(filepath.Dir(f.add), ".script.*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(made.Name()) }()
	_, err = made.Write(text)
	if err := errors.Join(err, made.Chmod(0o644), made.Sync(), made.Close()); err != nil {
		return err
	}
	return os.Rename(made.Name(), f.add)
}
