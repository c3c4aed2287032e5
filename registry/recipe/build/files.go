// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/layer"
)

// initPath is the program that starts several others, and initFile says which.
const (
	initPath = "/usr/sbin/linkspan-init"
	initFile = "/etc/linkspan/init.json"
)

// fill puts what the recipe itself has into the layer, over what packages have.
func (o *one) fill(t *layer.Tree) error {
	if o.recipe.Base == "" {
		t.Merge()
	}
	if err := o.accounts(t); err != nil {
		return err
	}
	ids := ids{users: column(o.base.passwd), groups: column(o.base.group)}
	for _, d := range o.recipe.Directories {
		uid, gid, err := ids.of(d.Owner, d.Group)
		if err != nil {
			return err
		}
		if err := t.Put(layer.File{Path: d.Path, Mode: fs.ModeDir | fileMode(d.Mode, 0o755)}, nil); err != nil {
			return err
		}
		t.Own(d.Path, uid, gid, d.All)
	}
	for _, f := range o.recipe.Files {
		if err := o.file(t, ids, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	for _, l := range o.recipe.Links {
		if err := t.Put(layer.File{Path: l.Path, Mode: fs.ModeSymlink, Link: l.To}, nil); err != nil {
			return err
		}
	}
	if err := o.putPrograms(t); err != nil {
		return err
	}
	return o.init(t)
}

func (o *one) file(t *layer.Tree, ids ids, f recipe.File) error {
	uid, gid, err := ids.of(f.Owner, f.Group)
	if err != nil {
		return err
	}
	text := []byte(f.Text)
	if f.From != "" {
		if text, err = o.source.Beside(f.From, recipe.MaxBeside); err != nil {
			return err
		}
	}
	return t.Put(layer.File{Path: f.Path, Mode: fileMode(f.Mode, 0o644), UID: uid, GID: gid}, strings.NewReader(string(text)))
}

// accounts writes the users and groups of the image, which are those of its base and its own.
func (o *one) accounts(t *layer.Tree) error {
	passwd, group := o.base.passwd, o.base.group
	if o.recipe.Base == "" {
		passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
		group = "root:x:0:\nnogroup:x:65534:\n"
	}
	for _, g := range o.recipe.Groups {
		group += fmt.Sprintf("%s:x:%d:\n", g.Name, g.ID)
	}
	for _, u := range o.recipe.Users {
		home, shell := u.Home, u.Shell
		if home == "" {
			home = "/nonexistent"
		}
		if shell == "" {
			shell = "/usr/sbin/nologin"
		}
		passwd += fmt.Sprintf("%s:x:%d:%d::%s:%s\n", u.Name, u.ID, u.ID, home, shell)
		group += fmt.Sprintf("%s:x:%d:\n", u.Name, u.ID)
		for _, other := range u.Groups {
			var err error
			if group, err = join(group, other, u.Name); err != nil {
				return err
			}
		}
	}
	if passwd == o.base.passwd && group == o.base.group {
		return nil
	}
	o.base.passwd, o.base.group = passwd, group
	if err := t.Put(layer.File{Path: "/etc/passwd", Mode: 0o644}, strings.NewReader(passwd)); err != nil {
		return err
	}
	return t.Put(layer.File{Path: "/etc/group", Mode: 0o644}, strings.NewReader(group))
}

// join makes a user a member of a group.
func join(group, name, user string) (string, error) {
	lines := strings.Split(group, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, name+":") {
			if !strings.HasSuffix(line, ":") {
				line += ","
			}
			lines[i] = line + user
			return strings.Join(lines, "\n"), nil
		}
	}
	return "", &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("user %s is in group %s, which the image does not have", user, name), Hint: "name it in groups"}
}

// ids are the numbers of users and groups, by name.
type ids struct{ users, groups map[string]int }

// column reads numbers by name from a file such as /etc/passwd.
func column(text string) map[string]int {
	all := make(map[string]int)
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 {
			continue
		}
		if id, err := strconv.Atoi(fields[2]); err == nil {
			all[fields[0]] = id
		}
	}
	return all
}

// of returns the numbers of an owner and a group, those of root where none is named. Of an
// owner without a group its own is taken.
func (i ids) of(owner, group string) (uid, gid int, err error) {
	if group == "" {
		group = owner
	}
	for name, from := range map[string]map[string]int{owner: i.users, group: i.groups} {
		if _, known := from[name]; name != "" && !known {
			if _, known := i.users[name]; owner == group && known {
				continue // it has no group of its name: root's
			}
			return 0, 0, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("the image has no user or group %q", name), Hint: "name it in users or groups"}
		}
	}
	return i.users[owner], i.groups[group], nil
}

// init says what is started side by side.
func (o *one) init(t *layer.Tree) error {
	if len(o.recipe.Init) == 0 {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"processes": o.recipe.Init}, "", "  ")
	if err != nil {
		return err
	}
	return t.Put(layer.File{Path: initFile, Mode: 0o644}, strings.NewReader(string(text)+"\n"))
}

// putPrograms puts programs in their places, and notes what they are.
func (o *one) putPrograms(t *layer.Tree) error {
	for _, p := range o.built {
		f, err := os.Open(p.file)
		if err != nil {
			return err
		}
		err = t.Put(layer.File{Path: p.path, Mode: 0o755}, f)
		_ = f.Close() // it was only read
		if err == nil {
			err = t.Put(layer.File{Path: programsDir + "/" + strings.ReplaceAll(p.path[1:], "/", "-"), Mode: 0o644}, strings.NewReader(p.note.String()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
