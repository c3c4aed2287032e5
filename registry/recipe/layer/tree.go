// SPDX-License-Identifier: Apache-2.0

package layer

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Limits of a layer.
const (
	maxFiles = 200_000
	maxBytes = 4 << 30 // of all files
	maxPath  = 1024
)

// File is one of a layer.
type File struct {
	Path     string      // absolute
	Mode     fs.FileMode // type and permissions; of set-user-id and the like nothing is kept but the sticky bit
	UID, GID int
	Link     string // of a symbolic link
}

// entry is a file and where its content is.
type entry struct {
	File
	at, size int64
}

// Tree is the files of a layer, whose content is kept in a file without a name until it is
// closed. It is not safe for concurrent use.
type Tree struct {
	rules   Rules
	entries map[string]*entry
	spool   *os.File
	end     int64
}

// New returns an empty tree, which keeps what is put into it in a file of the folder.
func New(dir string, rules Rules) (*Tree, error) {
	f, err := os.CreateTemp(dir, "layer-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close() // the other error is told
		return nil, err
	}
	return &Tree{rules: rules, entries: make(map[string]*entry), spool: f}, nil
}

// Close frees what the tree keeps.
func (t *Tree) Close() error { return t.spool.Close() }

// Put adds a file, or another one in its place, with the folders that it is in. What the
// rules leave out is not added.
func (t *Tree) Put(f File, content io.Reader) error {
	name, err := t.place(f.Path)
	if err != nil || t.rules.out(name) {
		return err
	}
	f.Path = name
	e := &entry{File: f}
	switch f.Mode.Type() {
	case 0:
		if e.at, e.size, err = t.keep(content); err != nil {
			return err
		}
	case fs.ModeDir, fs.ModeSymlink:
	default:
		return fmt.Errorf("%s is a %v, which layers do not have", name, f.Mode.Type())
	}
	return t.set(e)
}

// set puts an entry in its place.
func (t *Tree) set(e *entry) error {
	if len(t.entries) >= maxFiles {
		return fmt.Errorf("there are more than %d files", maxFiles)
	}
	before := t.entries[e.Path]
	if before != nil && before.Mode.IsDir() != e.Mode.IsDir() && before.Mode.Type() != fs.ModeSymlink {
		return fmt.Errorf("%s is a folder and a file", e.Path)
	}
	for dir := path.Dir(e.Path); dir != "/"; dir = path.Dir(dir) {
		above := t.entries[dir]
		if above == nil {
			t.entries[dir] = &entry{File: File{Path: dir, Mode: fs.ModeDir | 0o755}}
		} else if !above.Mode.IsDir() {
			return fmt.Errorf("%s is below %s, which is no folder", e.Path, dir)
		}
	}
	if e.Path != "/" {
		t.entries[e.Path] = e
	}
	return nil
}

// keep copies content into the spool.
func (t *Tree) keep(content io.Reader) (at, size int64, err error) {
	at = t.end
	if content == nil {
		return at, 0, nil
	}
	size, err = io.Copy(io.NewOffsetWriter(t.spool, at), io.LimitReader(content, maxBytes-at+1))
	if err == nil && at+size > maxBytes {
		err = fmt.Errorf("the files have more than %d bytes", int64(maxBytes))
	}
	t.end += size
	return at, size, err
}

// place returns where a file is: of what is in bin, lib and sbin below usr, as all current
// distributions have it.
func (t *Tree) place(name string) (string, error) {
	clean := path.Clean("/" + name)
	if len(clean) > maxPath || strings.ContainsAny(clean, "\x00\n") || strings.Contains("/"+name+"/", "/../") {
		return "", fmt.Errorf("%.100q is not the path of a file", name)
	}
	first, rest, below := strings.Cut(clean[1:], "/")
	if slices.Contains([]string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}, first) {
		if !below {
			return "/usr/" + first, nil
		}
		return "/usr/" + first + "/" + rest, nil
	}
	return clean, nil
}

// Add puts a file of an archive. What is linked to must have been put before.
func (t *Tree) Add(h *tar.Header, content io.Reader) error {
	f := File{Path: h.Name, Mode: h.FileInfo().Mode(), UID: h.Uid, GID: h.Gid, Link: h.Linkname}
	switch h.Typeflag {
	case tar.TypeReg:
		f.Link = ""
		return t.Put(f, content)
	case tar.TypeDir, tar.TypeSymlink:
		return t.Put(f, nil)
	case tar.TypeLink:
		return t.hardLink(f)
	}
	return fmt.Errorf("%s is of type %q, which layers do not have", h.Name, h.Typeflag)
}

// hardLink makes a second name a file of the same content.
func (t *Tree) hardLink(f File) error {
	name, err := t.place(f.Path)
	if err != nil || t.rules.out(name) {
		return err
	}
	target, err := t.place(f.Link)
	if err != nil {
		return err
	}
	of := t.entries[target]
	if of == nil {
		return fmt.Errorf("%s is another name of %s, which is left out or not there", name, target)
	}
	e := *of
	e.Path = name
	return t.set(&e)
}

// Has says whether there is a file of that path.
func (t *Tree) Has(name string) bool {
	clean, err := t.place(name)
	return err == nil && t.entries[clean] != nil
}

// Open returns the content of a file, nil if it is not there or has none.
func (t *Tree) Open(name string) *io.SectionReader {
	clean, err := t.place(name)
	e := t.entries[clean]
	if err != nil || e == nil || !e.Mode.IsRegular() {
		return nil
	}
	return io.NewSectionReader(t.spool, e.at, e.size)
}

// Own gives a file, and if all is set everything below it, to somebody.
func (t *Tree) Own(name string, uid, gid int, all bool) {
	for at, e := range t.entries {
		if at == name || all && strings.HasPrefix(at, strings.TrimSuffix(name, "/")+"/") {
			e.UID, e.GID = uid, gid
		}
	}
}

// sorted yields all files by path.
func (t *Tree) sorted() []*entry {
	all := make([]*entry, 0, len(t.entries))
	for _, name := range slices.Sorted(maps.Keys(t.entries)) {
		all = append(all, t.entries[name])
	}
	return all
}

// Merge adds the links from bin, lib and sbin to usr, which an image needs that is made on no other.
func (t *Tree) Merge() {
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		t.entries["/"+name] = &entry{File: File{Path: "/" + name, Mode: fs.ModeSymlink, Link: "usr/" + name}}
		if t.entries["/usr/"+name] == nil {
			_ = t.set(&entry{File: File{Path: "/usr/" + name, Mode: fs.ModeDir | 0o755}}) // nothing else can be there
		}
	}
}
