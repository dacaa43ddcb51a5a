-- A test call that an administrator forced: which number, by whom, why, until
-- when. Of other campaigns: nothing.
ALTER TABLE campaigns ADD COLUMN forced TEXT CHECK (forced IS NULL OR json_valid(forced));
