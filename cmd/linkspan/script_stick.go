// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/stick"
	"github.com/linkspan/linkspan/trust/sign"
)

// packedSuffix is how the name of a stick ends that is one file.
const packedSuffix = ".tar"

func (a *app) scriptExport() *cobra.Command {
	var roots, layouts []string
	var quiet bool
	c := &cobra.Command{
		Use: "export FILE STICK --root ROOT... --images FOLDER...", Short: "write a signed script and its images to a stick", Args: exactly(2),
		Long: `Write a signed script with all that it needs to a folder, or to one file if the name ends in .tar: for a switch that has no
network. The images come from OCI image layouts, as "linkspan image build --output" writes them. Give all
root documents since the oldest that a switch may have.`,
		Example: "  linkspan script export branch-1.json /media/usb/branch --root root-1.json --images ./out\n  linkspan script export branch-1.json branch.tar --root root-1.json --root root-2.json --images ./out",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.exportScript(args[0], args[1], roots, layouts, quiet)
		},
	}
	c.Flags().StringArrayVar(&roots, "root", nil, "root document of the fleet (`file`); may be repeated")
	c.Flags().StringArrayVar(&layouts, "images", nil, "`folder` with an OCI image layout; may be repeated")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "do not say how far it is")
	_ = c.MarkFlagRequired("root")
	_ = c.MarkFlagFilename("root", "json")
	_ = c.MarkFlagDirname("images")
	c.ValidArgsFunction = envelopeFiles
	return c
}

func (a *app) exportScript(name, to string, roots, layouts []string, quiet bool) error {
	contents := stick.Contents{Images: stick.Layouts(layouts)}
	var err error
	if contents.Script, err = readBounded(name, sign.MaxEnvelope); err != nil {
		return err
	}
	var last *sign.Root
	for _, file := range roots {
		r, text, err := readRoot(file)
		if err != nil {
			return err
		}
		contents.Roots, last = append(contents.Roots, text), newerRoot(last, r)
	}
	if _, _, err := last.Statement(contents.Script); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	counted := a.carrying("written", quiet)
	if !strings.HasSuffix(to, packedSuffix) {
		err = stick.Write(to, contents, counted.add)
		counted.end(err)
		return err
	}
	err = packStick(to, contents, counted.add)
	counted.end(err)
	return err
}

func newerRoot(a, b *sign.Root) *sign.Root {
	if a != nil && a.Version > b.Version {
		return a
	}
	return b
}

// packStick writes a stick as one file.
func packStick(to string, contents stick.Contents, told func(int64)) (err error) {
	if _, err := os.Lstat(to); err == nil {
		return &linkspan.Error{Code: linkspan.Exists, Message: to + " is there already", Hint: "choose another name"}
	}
	dir, err := os.MkdirTemp(filepath.Dir(to), ".stick.*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made := filepath.Join(dir, "stick")
	if err := stick.Write(made, contents, told); err != nil {
		return err
	}
	packed, err := os.Create(filepath.Join(dir, "packed"))
	if err != nil {
		return err
	}
	if err := errors.Join(stick.Pack(packed, made), packed.Sync(), packed.Close()); err != nil {
		return err
	}
	return os.Rename(packed.Name(), to)
}

func (a *app) scriptImport() *cobra.Command {
	var root, to string
	var quiet bool
	c := &cobra.Command{
		Use: "import STICK --root ROOT --to FOLDER", Short: "read a stick: is all on it whole, and trusted", Args: exactly(1),
		Long: `Read a stick, a folder or one file (.tar): whether the fleet of a root document trusts the script on it, and whether every image
is whole. Root documents on the stick are followed from the one that is named. What is right is put into a
folder (--to) with the envelope (script.json), the root documents (roots) and the images (images, an OCI
image layout).`,
		Example: "  linkspan script import /media/usb/branch --root root-1.json --to ./branch\n  linkspan script import branch.tar --root root-1.json --to ./branch",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.importScript(args[0], root, to, quiet)
		},
	}
	c.Flags().StringVar(&root, "root", "", "root document of the fleet (`file`)")
	c.Flags().StringVar(&to, "to", "", "put what is on the stick into this `folder`")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "do not say how far it is")
	_ = c.MarkFlagRequired("root")
	_ = c.MarkFlagRequired("to")
	_ = c.MarkFlagFilename("root", "json")
	_ = c.MarkFlagDirname("to")
	return c
}

func (a *app) importScript(name, root, to string, quiet bool) (err error) {
	trusted, _, err := readRoot(root)
	if err != nil {
		return err
	}
	if info, statErr := os.Stat(name); statErr == nil && info.Mode().IsRegular() {
		dir, err := os.MkdirTemp(filepath.Dir(to), ".stick.*")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		unpacked := filepath.Join(dir, "stick")
		if err := unpackStick(name, unpacked, info.Size()); err != nil {
			return err
		}
		name = unpacked
	}
	s, err := stick.Open(name)
	if err != nil {
		return err
	}
	defer s.Close()
	if trusted, err = trusted.Follow(s.Roots...); err != nil {
		return err
	}
	statement, digest, err := trusted.Statement(s.Script)
	if err != nil {
		return err
	}
	counted := a.carrying("read", quiet)
	err = stick.Write(to, stick.Contents{Script: s.Script, Roots: s.Roots, Images: s}, counted.add) // it compares each blob with its digest
	counted.end(err)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "script %s, epoch %d, serial %d, for %s\n%s\n", statement.Script.Name, statement.Epoch, statement.Serial, strings.Join(statement.Targets, ", "), digest)
	return nil
}

func unpackStick(name, dir string, size int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return stick.Unpack(f, dir, size)
}

// carrying shows how many bytes were carried: on a terminal while they are, elsewhere at the end.
type carrying struct {
	app   *app
	what  string
	quiet bool
	bytes int64
}

func (a *app) carrying(what string, quiet bool) *carrying {
	return &carrying{app: a, what: what, quiet: quiet}
}

func (c *carrying) add(n int64) {
	c.bytes += n
	if !c.quiet && isTerminal(c.app.err) {
		fmt.Fprintf(c.app.err, "\r\x1b[K%.1f MB %s", float64(c.bytes)/1e6, c.what)
	}
}

func (c *carrying) end(err error) {
	switch {
	case c.quiet:
	case isTerminal(c.app.err):
		fmt.Fprintln(c.app.err)
	case err == nil:
		fmt.Fprintf(c.app.err, "%.1f MB %s\n", float64(c.bytes)/1e6, c.what)
	}
}
