// Command readlog checks a folder laid out as C2SP tlog-tiles says, with the reference code of the
// Go checksum database (golang.org/x/mod/sumdb) and nothing of hegui's.
//
//	readlog FOLDER
//
// The folder holds vkey, checkpoint, older (further checkpoints of the log), tile/…, and proofs/:
// INDEX.tlog-proof, and SIZE.consistency with a hash a line. It prints one line of JSON and ends
// with 0 (everything holds), 1 (something does not, and what) or 2 (it could not be tried).
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile, in levels: C2SP tlog-tiles

type report struct {
	OK          bool   `json:"ok"`
	Why         string `json:"why,omitempty"`
	Size        int64  `json:"size"`
	Entries     int64  `json:"entries"`
	Tiles       int    `json:"tiles"`
	Inclusion   int    `json:"inclusion_proofs"`
	Consistency int    `json:"consistency_proofs"`
}

// folder reads tiles as a client would fetch them; tlog checks them against the signed tree.
type folder struct {
	root string
}

func (f *folder) Height() int { return height }

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(f.root, pathOf(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

// pathOf leaves out the height, which C2SP fixes, and calls records entries.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if rest := strings.TrimPrefix(path, "data/"); rest != path {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// head opens a checkpoint: a note that the key of the log signed, about the log of that name.
func head(data []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return tree, errors.New("not a size: " + lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func check(root string, found *report) error {
	key, err := os.ReadFile(filepath.Join(root, "vkey"))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(root, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := head(signed, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	found.Size = tree.N
	hashes := tlog.TileHashReader(tree, &folder{root})
	steps := []func() error{
		func() error { return checkRoot(tree, hashes) },
		func() error { return checkOlder(root, tree, verifier, hashes, found) },
		func() error { return checkProofs(root, tree, verifier, found) },
		func() error { return checkEntries(root, tree, found) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func checkRoot(tree tlog.Tree, hashes tlog.HashReader) error {
	hash, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if hash != tree.Hash {
		return errors.New("the tiles do not add up to the signed root")
	}
	return nil
}

// checkOlder holds every other head that the log signed against the newest, with a proof that is
// worked out here from the tiles, and with the one that came along.
func checkOlder(root string, tree tlog.Tree, verifier note.Verifier, hashes tlog.HashReader, found *report) error {
	paths, err := filepath.Glob(filepath.Join(root, "older", "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		older, err := head(data, verifier)
		if err != nil {
			return fmt.Errorf("older head: %w", err)
		}
		if older.N > tree.N {
			return fmt.Errorf("a head of %d entries was signed before that of %d", older.N, tree.N)
		}
		proof, err := tlog.ProveTree(tree.N, older.N, hashes)
		if err != nil {
			return fmt.Errorf("consistency: %w", err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
			return fmt.Errorf("consistency with the head of %d: %w", older.N, err)
		}
		text, err := os.ReadFile(filepath.Join(root, "proofs", fmt.Sprintf("%d.consistency", older.N)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		given, err := hashesOf(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(given, tree.N, tree.Hash, older.N, older.Hash); err != nil {
			return fmt.Errorf("the consistency proof that came along for %d: %w", older.N, err)
		}
		found.Consistency++
	}
	return nil
}

func hashesOf(lines []string) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, line := range lines {
		if line == "" {
			continue
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		all = append(all, hash)
	}
	return all, nil
}

// checkProofs reads tlog-proof@v1 files: each must show the entry of its index in the bundles.
func checkProofs(root string, tree tlog.Tree, verifier note.Verifier, found *report) error {
	paths, err := filepath.Glob(filepath.Join(root, "proofs", "*.tlog-proof"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := checkProof(root, text, tree, verifier); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		found.Inclusion++
	}
	return nil
}

func checkProof(root string, text []byte, tree tlog.Tree, verifier note.Verifier) error {
	top, signed, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(top), "\n")
	if !ok || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.DecodeString(lines[0][len("extra "):]); err != nil {
			return err
		}
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := hashesOf(lines[1:])
	if err != nil {
		return err
	}
	under, err := head(signed, verifier)
	if err != nil {
		return err
	}
	n, place := index>>height, index&(1<<height-1)
	entries, err := bundle(root, n, tree.N)
	if err != nil {
		return err
	}
	if place >= int64(len(entries)) {
		return errors.New("no such entry")
	}
	return tlog.CheckRecord(proof, under.N, under.Hash, index, tlog.RecordHash(entries[place]))
}

// bundle reads the n-th bundle of a log of that size.
func bundle(root string, n, size int64) ([][]byte, error) {
	width := size - n<<height
	if width > 1<<height {
		width = 1 << height
	}
	if width <= 0 {
		return nil, errors.New("no such bundle")
	}
	tile := tlog.Tile{H: height, L: -1, N: n, W: int(width)}
	data, err := os.ReadFile(filepath.Join(root, pathOf(tile)))
	if err != nil {
		return nil, err
	}
	entries := make([][]byte, 0, width)
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("bundle %d is cut off", n)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if int64(len(entries)) != width {
		return nil, fmt.Errorf("bundle %d has %d entries, not %d", n, len(entries), width)
	}
	return entries, nil
}

// memory holds the hashes of a log in the order in which tlog stores them.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(m)) {
			return nil, errors.New("no such hash")
		}
		all[i] = m[x]
	}
	return all, nil
}

// checkEntries builds the whole tree anew from the entries, and holds root and tiles against it.
// (TileHashReader alone would not do: before x/mod 0.40.0 it leaves up to two tiles unchecked,
// CVE-2026-56865, and distributions ship older ones.)
func checkEntries(root string, tree tlog.Tree, found *report) error {
	hashes := make(memory, 0, 2*tree.N)
	for n := int64(0); n<<height < tree.N; n++ {
		entries, err := bundle(root, n, tree.N)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			stored, err := tlog.StoredHashes(found.Entries, entry, hashes)
			if err != nil {
				return err
			}
			hashes = append(hashes, stored...)
			found.Entries++
		}
	}
	hash, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if hash != tree.Hash {
		return errors.New("the entries do not add up to the signed root")
	}
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		if edge := int(tree.N >> (height * tile.L) & (1<<height - 1)); tile.W < 1<<height && tile.W != edge {
			continue // a partial tile of a smaller log
		}
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(root, pathOf(tile)))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, want) {
			return fmt.Errorf("%s is not what the entries add up to", pathOf(tile))
		}
		found.Tiles++
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: readlog FOLDER")
		os.Exit(2)
	}
	var found report
	err := check(os.Args[1], &found)
	found.OK = err == nil
	if err != nil {
		found.Why = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		os.Exit(2)
	}
	if !found.OK {
		os.Exit(1)
	}
}
