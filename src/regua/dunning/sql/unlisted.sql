-- A step that lists is taken where a listing lives, this run's or an earlier one.
DELETE FROM dunning_fit
WHERE lists AND NOT EXISTS (
    SELECT FROM restrictions_restriction AS listing
    WHERE listing.receivable_id = dunning_fit.id AND listing.status NOT IN ($final)
)
