"""What is done to a store besides landing? Compaction, retention and holds, erasure, backup, and replay of the quarantine."""
