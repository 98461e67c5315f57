// Logjudge verifies a log of the nation as a stranger would: its checkpoint, the witnesses' cosignatures, every tile,
// the inclusion of every entry it is shown, and that older checkpoints lead to this one.
//
//	logjudge -key VKEY [-witness VKEY]... [-quorum N] [-checkpoint PLACE] [-old FILE]... [-entries] [-proof FILE -entry FILE] PLACE
//
// PLACE is a folder or an http address with the layout of C2SP tlog-tiles. Exit code 0: everything holds; 1: something
// does not, and is named; 2: usage.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"judge"
)

const (
	height   = 8
	limit    = 1 << 26
	samples  = 200
	patience = 20 * time.Second
)

type list []string

func (l *list) String() string         { return strings.Join(*l, " ") }
func (l *list) Set(value string) error { *l = append(*l, value); return nil }

func main() {
	var witnesses, olds list
	key := flag.String("key", "", "the log's published key")
	quorum := flag.Int("quorum", 0, "how many witnesses must have cosigned")
	head := flag.String("checkpoint", "", "where the checkpoint is, if not at PLACE/checkpoint")
	entries := flag.Bool("entries", false, "read the entries too (they are not public)")
	proof := flag.String("proof", "", "a tlog-proof file; needs -entry")
	entry := flag.String("entry", "", "the entry the proof is about")
	flag.Var(&witnesses, "witness", "a witness's published key")
	flag.Var(&olds, "old", "a checkpoint seen before")
	flag.Parse()
	if *key == "" || flag.NArg() > 1 || (*proof == "") != (*entry == "") || (flag.NArg() == 0 && *proof == "") {
		flag.Usage()
		os.Exit(2)
	}
	policy, err := judge.NewPolicy(*key, witnesses, *quorum)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if *proof != "" {
		err = checkProof(policy, *proof, *entry)
	} else {
		if *head == "" {
			*head = join(flag.Arg(0), "checkpoint")
		}
		err = checkLog(policy, flag.Arg(0), *head, olds, *entries)
	}
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
	fmt.Println("VERIFIED")
}

func checkProof(policy *judge.Policy, proofFile, entryFile string) error {
	text, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	proof, err := judge.ParseProof(string(text))
	if err != nil {
		return err
	}
	checkpoint, err := proof.Check(entry, policy)
	if err != nil {
		return err
	}
	say(checkpoint)
	fmt.Printf("inclusion: entry %d\n", proof.Index)
	return nil
}

func checkLog(policy *judge.Policy, place, head string, olds []string, entries bool) error {
	text, err := read(head)
	if err != nil {
		return err
	}
	checkpoint, err := policy.Open(text)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	say(checkpoint)
	tree := checkpoint.Tree
	hashes, err := checkTiles(place, tree)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if entries {
		if err := checkEntries(place, tree.N, hashes); err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		fmt.Printf("entries: %d\n", tree.N)
	}
	if err := checkProofs(tree, hashes); err != nil {
		return err
	}
	for _, file := range olds {
		if err := checkOld(policy, file, tree, hashes); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

func say(checkpoint *judge.Checkpoint) {
	fmt.Printf("checkpoint: %s, %d entries, %d witnesses\n", checkpoint.Origin, checkpoint.Tree.N, len(checkpoint.Times))
}

// stored holds every hash of the tree, in the order of Go's stored hashes; all of it was computed from the leaves.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, errors.New("a hash beyond the tree")
		}
		found[i] = s[index]
	}
	return found, nil
}

// checkTiles computes the whole tree from the leaves' tiles, compares its root, and then every tile above.
//
// tlog.TileHashReader of this version of Go's sumdb does not compare every full tile with its parent, so nothing here
// trusts it.
func checkTiles(place string, tree tlog.Tree) (stored, error) {
	var hashes stored
	count := 0
	for n, width := int64(0), int64(0); n < tree.N; n += width {
		width = least(1<<height, tree.N-n)
		data, err := readTile(place, tlog.Tile{H: height, L: 0, N: n >> height, W: int(width)})
		if err != nil {
			return nil, err
		}
		count++
		for at := int64(0); at < width; at++ {
			var leaf tlog.Hash
			copy(leaf[:], data[at*tlog.HashSize:])
			more, err := tlog.StoredHashesForRecordHash(n+at, leaf, hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, more...)
		}
	}
	if err := checkRoot(tree, hashes); err != nil {
		return nil, err
	}
	for level := 1; tree.N>>uint(height*level) > 0; level++ {
		whole := tree.N >> uint(height*level)
		for n, width := int64(0), int64(0); n < whole; n += width {
			width = least(1<<height, whole-n)
			tile := tlog.Tile{H: height, L: level, N: n >> height, W: int(width)}
			data, err := readTile(place, tile)
			if err != nil {
				return nil, err
			}
			own, err := tlog.ReadTileData(tile, hashes)
			if err != nil || !bytes.Equal(own, data) {
				return nil, fmt.Errorf("%s is another one", path(tile))
			}
			count++
		}
	}
	fmt.Printf("tiles: %d, all under the root\n", count)
	return hashes, nil
}

func checkRoot(tree tlog.Tree, hashes stored) error {
	root := tlog.Hash(sha256.Sum256(nil))
	if tree.N > 0 {
		var err error
		if root, err = tlog.TreeHash(tree.N, hashes); err != nil {
			return err
		}
	}
	if root != tree.Hash {
		return errors.New("the root is another one")
	}
	return nil
}

// path is where C2SP puts a tile: Go's paths name the height too, and call entries "data".
func path(tile tlog.Tile) string {
	inside := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(inside, "data/", "entries/", 1)
}

func readTile(place string, tile tlog.Tile) ([]byte, error) {
	data, err := read(join(place, path(tile)))
	if err == nil && len(data) != tile.W*tlog.HashSize {
		err = fmt.Errorf("%s has %d bytes", path(tile), len(data))
	}
	return data, err
}

func checkEntries(place string, size int64, hashes stored) error {
	for start, width := int64(0), int64(0); start < size; start += width {
		width = least(1<<height, size-start)
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		data, err := read(join(place, path(tile)))
		if err != nil {
			return err
		}
		for n := start; n < start+width; n++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s is cut off", path(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:end]) != hashes[tlog.StoredHashIndex(0, n)] {
				return fmt.Errorf("entry %d is not the one under the root", n)
			}
			data = data[end:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s holds more than its entries", path(tile))
		}
	}
	return nil
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// checkProofs makes and checks inclusion proofs, as a holder of a leaf would ask for them.
func checkProofs(tree tlog.Tree, hashes stored) error {
	if tree.N == 0 {
		return nil
	}
	draw, count := rand.New(rand.NewSource(tree.N)), 0
	for ; count < samples && int64(count) < tree.N; count++ {
		n := int64(count)
		if tree.N > samples {
			n = draw.Int63n(tree.N)
		}
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, n, hashes[tlog.StoredHashIndex(0, n)])
		}
		if err != nil {
			return fmt.Errorf("inclusion of entry %d: %w", n, err)
		}
	}
	fmt.Printf("inclusion: %d proofs\n", count)
	return nil
}

func checkOld(policy *judge.Policy, file string, tree tlog.Tree, hashes stored) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	signed := *policy
	signed.Quorum = 0
	old, err := signed.Open(text)
	if err != nil {
		return err
	}
	if old.Tree.N > tree.N {
		return fmt.Errorf("the log has shrunk from %d to %d entries", old.Tree.N, tree.N)
	}
	if old.Tree.N > 0 {
		proof, err := tlog.ProveTree(tree.N, old.Tree.N, hashes)
		if err == nil {
			err = tlog.CheckTree(proof, tree.N, tree.Hash, old.Tree.N, old.Tree.Hash)
		}
		if err != nil {
			return fmt.Errorf("the log was rewritten: %w", err)
		}
	}
	fmt.Printf("consistency: from %d to %d entries\n", old.Tree.N, tree.N)
	return nil
}

func join(place, path string) string { return strings.TrimSuffix(place, "/") + "/" + path }

func read(place string) ([]byte, error) {
	if !strings.HasPrefix(place, "http://") && !strings.HasPrefix(place, "https://") {
		return os.ReadFile(place)
	}
	client := http.Client{Timeout: patience}
	answer, err := client.Get(place)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", place, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, limit))
}
