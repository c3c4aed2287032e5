// SPDX-License-Identifier: Apache-2.0

// Package story runs what README, guide, help texts and demo tell people to
// type, in a home without any other lab, and checks that it goes as told.
//
// Every command line in an indented block that begins with linkspan or docker is
// parsed by the program it names, down to its last flag; those that can be run in
// a lab are run, in the order in which they stand. A new kind of block needs
// nothing here, a new command that can be run needs a line in the table.
package story
