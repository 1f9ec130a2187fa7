/// Words for keys and lists. No word is part of another, so a match is never ambiguous.
package enum WordList {
    package static let adjectives = words(
        """
        amber brisk calm dusty eager faint gentle hollow icy jolly keen lively mellow noble olive plain quiet rapid \
        shiny tender upper vivid witty yellow azure bitter clever dainty early frosty golden humble idle jagged kind \
        lucid mossy narrow opaque polite quick rugged silent tidy urban velvet wooden young ample broad crimson dense \
        elegant fierce giant hasty inner joyful lazy modern neat oval purple royal scarlet tall useful violet warm \
        agile blunt curly dizzy exact fluffy grand handy ivory jumpy lofty muddy new ornate proud rusty sleek tiny \
        usual vast weary absent bold crisp drowsy empty famous green heavy innocent jovial loyal magic nimble orange \
        patient ripe salty thin unique vague wild active bright coarse distant equal fresh graceful honest ideal \
        large minty nervous odd pink round solid timid urgent valid wise ancient brave cosmic daring fancy glossy \
        hazy iron jealous late merry northern pale radiant secret tough upbeat victorious whole ashen blue clumsy \
        digital endless fuzzy gray happy
        """)

    package static let nouns = words(
        """
        lantern anchor basket candle dolphin engine feather guitar hammer island jacket kettle ladder magnet needle \
        otter pencil quilt ribbon saddle teapot umbrella violin walnut acorn bridge compass drum eagle forest glove \
        harbor igloo jungle kite lemon mirror napkin orchard pillow quarry rocket spoon tunnel urn valley window \
        almond beetle carpet desert elbow flute garden helmet jigsaw kernel locket meadow oven puzzle quiver \
        rabbit sailor temple uncle vase whistle apron bucket castle diamond envelope fiddle goblet hinge ivy jewel \
        knuckle lizard marble notebook oyster parrot quartz ruler scarf tractor unicorn vulture wagon blanket \
        cactus donkey emerald falcon gravel hedge insect jockey kitchen lobster mitten nutmeg onion pepper queen \
        raisin shovel turtle utensil velocity wizard atlas bottle camera dagger elephant fountain grape hazelnut \
        iceberg jar koala lagoon mustard nozzle octopus pirate quest razor sponge tulip uniform volcano whale attic \
        barrel cello dragon easel fossil giraffe hostel icicle jelly kidney lettuce monkey nickel opera pebble quote \
        robin statue thimble upland vessel willow axle badger cherry dune embassy ferry gorilla hatchet index juniper \
        kayak lynx mango noodle outpost pigeon quokka radish squirrel trumpet usher viking wrench agenda beaver \
        chimney dentist eel fridge galaxy hyena isotope jaguar karma lily mosaic nephew oboe panther quill reef \
        sandal tiger
        """)

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
