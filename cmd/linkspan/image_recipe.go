// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/registry/recipe"
)

// recipeRow is a recipe as it is printed.
type recipeRow struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Base     string   `json:"base,omitempty"`
	Summary  string   `json:"summary"`
	Packages []string `json:"packages,omitempty"`
	Services []string `json:"services,omitempty"`
}

var recipeTable = output.Table[recipeRow]{
	Name: func(r recipeRow) string { return r.Name },
	Columns: []output.Column[recipeRow]{
		{Title: "NAME", Value: func(r recipeRow) string { return r.Name }},
		{Title: "VERSION", Value: func(r recipeRow) string { return r.Version }},
		{Title: "BASE", Value: func(r recipeRow) string { return r.Base }},
		{Title: "SUMMARY", Value: func(r recipeRow) string { return r.Summary }},
	},
	Wide: []output.Column[recipeRow]{
		{Title: "PACKAGES", Value: func(r recipeRow) string { return fmt.Sprint(r.Packages) }},
		{Title: "SERVICES", Value: func(r recipeRow) string { return fmt.Sprint(r.Services) }},
	},
}

func newRecipeRow(r *recipe.Recipe) recipeRow {
	row := recipeRow{Name: r.Name, Version: r.Version, Base: r.Base, Summary: r.Summary, Packages: r.Packages}
	if r.Manifest != nil {
		for _, s := range r.Manifest.Services {
			row.Services = append(row.Services, s.Name)
		}
	}
	return row
}

func (a *app) imageRecipe() *cobra.Command {
	return noun("recipe", "recipes of images", a.imageRecipeList(), a.imageRecipeLint(), a.imageRecipeCopy())
}

func (a *app) imageRecipeList() *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list the recipes that linkspan brings", Args: exactly(0),
		Example: "  linkspan image recipe ls\n  linkspan image recipe ls -q",
		RunE: func(*cobra.Command, []string) error {
			var rows []recipeRow
			for _, name := range recipe.Names() {
				r, err := recipe.Read(recipe.Embedded(name))
				if err != nil {
					return err
				}
				rows = append(rows, newRecipeRow(r))
			}
			return recipeTable.Print(a.out, o, rows)
		},
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) imageRecipeLint() *cobra.Command {
	return &cobra.Command{
		Use: "lint RECIPE...", Short: "say what is wrong with recipes", Args: atLeast(1), ValidArgsFunction: completeRecipes,
		Long: `Read recipes and what is beside them, and say what is wrong, with file, line and column. A recipe
is a folder, written with / or . at its beginning, or the name of one that linkspan brings.`,
		Example: "  linkspan image recipe lint ./dns",
		RunE: func(_ *cobra.Command, names []string) error {
			for _, name := range names {
				source, err := recipe.Find(name)
				if err != nil {
					return err
				}
				if _, err := recipe.Read(source); err != nil {
					return a.recipeMistakes(err)
				}
				fmt.Fprintf(a.err, "%s is right\n", name)
			}
			return nil
		},
	}
}

func (a *app) imageRecipeCopy() *cobra.Command {
	return &cobra.Command{
		Use: "copy RECIPE FOLDER", Short: "copy a recipe that linkspan brings, to change it", Args: exactly(2), ValidArgsFunction: completeRecipes,
		Long:    `Copy a recipe that linkspan brings into a new folder, with all that is beside it.`,
		Example: "  linkspan image recipe copy base/dns-dhcp ./dns",
		RunE: func(_ *cobra.Command, args []string) error {
			source, err := recipe.Find(args[0])
			if err != nil {
				return err
			}
			if _, err := os.Stat(args[1]); err == nil {
				return &linkspan.Error{Code: linkspan.Exists, Message: args[1] + " is there already", Hint: "name a new folder"}
			}
			return recipe.Copy(source, args[1])
		},
	}
}

// completeRecipes offers the recipes that linkspan brings, and folders.
func completeRecipes(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return recipe.Names(), cobra.ShellCompDirectiveDefault
}
