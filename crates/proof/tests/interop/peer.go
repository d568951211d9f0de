// One answer for each line: the interop tests hold them against ours.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type store []tlog.Hash

func (s *store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(*s)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		hashes = append(hashes, (*s)[i])
	}
	return hashes, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return n
}

func decode(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	must(err)
	return data
}

func hash(text string) tlog.Hash {
	h, err := tlog.ParseHash(text)
	must(err)
	return h
}

func hashes(text string) []tlog.Hash {
	var out []tlog.Hash
	if text == "-" {
		return out
	}
	for _, part := range strings.Split(text, ",") {
		out = append(out, hash(part))
	}
	return out
}

func join(proof []tlog.Hash) string {
	if len(proof) == 0 {
		return "-"
	}
	var parts []string
	for _, h := range proof {
		parts = append(parts, h.String())
	}
	return strings.Join(parts, ",")
}

func verdict(err error) string {
	if err != nil {
		return "refused"
	}
	return "ok"
}

func main() {
	log := &store{}
	size := int64(0)
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	for input.Scan() {
		fmt.Println(answer(strings.Fields(input.Text()), log, &size))
	}
	must(input.Err())
}

func answer(words []string, log *store, size *int64) string {
	args := words[1:]
	switch words[0] {
	case "grow":
		for ; *size < number(args[0]); *size++ {
			stored, err := tlog.StoredHashes(*size, []byte(fmt.Sprintf("entry %d\n", *size)), log)
			must(err)
			*log = append(*log, stored...)
		}
		return "ok"
	case "root":
		root, err := tlog.TreeHash(number(args[0]), log)
		must(err)
		return root.String()
	case "record":
		proof, err := tlog.ProveRecord(number(args[0]), number(args[1]), log)
		must(err)
		return join(proof)
	case "tree":
		proof, err := tlog.ProveTree(number(args[0]), number(args[1]), log)
		must(err)
		return join(proof)
	case "checkrecord":
		proof := tlog.RecordProof(hashes(args[4]))
		return verdict(tlog.CheckRecord(proof, number(args[0]), hash(args[1]), number(args[2]), hash(args[3])))
	case "checktree":
		proof := tlog.TreeProof(hashes(args[4]))
		return verdict(tlog.CheckTree(proof, number(args[0]), hash(args[1]), number(args[2]), hash(args[3])))
	case "newtiles":
		var paths []string
		old, new := number(args[0]), number(args[1])
		// Older versions name every width on the way: keep the last one, and what changed.
		for _, tile := range tlog.NewTiles(8, old, new) {
			width := new>>(8*uint(tile.L)) - tile.N*256
			if old>>(8*uint(tile.L)) == new>>(8*uint(tile.L)) || tile.W < 256 && int64(tile.W) < width {
				continue
			}
			paths = append(paths, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		}
		return strings.Join(paths, ",")
	case "tile":
		tile, err := tlog.ParseTilePath(strings.Replace(args[0], "tile/", "tile/8/", 1))
		must(err)
		data, err := tlog.ReadTileData(tile, log)
		must(err)
		return base64.StdEncoding.EncodeToString(data)
	case "genkey":
		seed, err := hex.DecodeString(args[1])
		must(err)
		skey, vkey, err := note.GenerateKey(bytes.NewReader(seed), args[0])
		must(err)
		return skey + " " + vkey
	case "sign":
		signer, err := note.NewSigner(args[0])
		must(err)
		signed, err := note.Sign(&note.Note{Text: string(decode(args[1]))}, signer)
		must(err)
		return base64.StdEncoding.EncodeToString(signed)
	case "open":
		verifier, err := note.NewVerifier(args[0])
		must(err)
		opened, err := note.Open(decode(args[1]), note.VerifierList(verifier))
		if err != nil {
			return "refused"
		}
		return "ok " + base64.StdEncoding.EncodeToString([]byte(opened.Text))
	}
	return "unknown"
}
